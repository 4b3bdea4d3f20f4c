#include "adapters/hdf5/hdf5_shards.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <string_view>

#include "adapters/hdf5/variable.hpp"
#include "twostep/base/check.hpp"
#include "twostep/base/error.hpp"

namespace twostep {
namespace {

using hdf5::Handle;
using hdf5::Variable;

[[noreturn]] void refuse_file(const std::string& path, const std::string& what,
                              const std::string& why, const std::string& hint) {
  throw Error(ErrorKind::data, Problem{path, what, why, hint});
}

// "dir/a.nc" -> "dir/a-nc4.nc"
std::string converted_name(const std::string& path) {
  const std::size_t dot = path.rfind('.');
  const bool has_ending = dot != std::string::npos && path.find('/', dot) == std::string::npos;
  return has_ending ? path.substr(0, dot) + "-nc4" + path.substr(dot) : path + "-nc4.nc";
}

// Says what a file is that HDF5 does not open.
[[noreturn]] void explain(const std::string& path) {
  const std::string why = hdf5::reason();
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) {
    refuse_file(path, "cannot be opened", std::strerror(errno),
                "check data.files and the permissions");
  }
  char magic[8] = {};
  const std::size_t n = std::fread(magic, 1, sizeof magic, file);
  std::fclose(file);
  const std::string_view head(magic, n);
  if (n == 0) {
    refuse_file(path, "an empty file", "it holds no bytes", "was it copied or written to its end?");
  }
  if (head.size() >= 4 && head.starts_with("CDF") &&
      (head[3] == 1 || head[3] == 2 || head[3] == 5)) {
    const char* kind = head[3] == 5   ? "CDF-5"
                       : head[3] == 2 ? "NetCDF-3 (64-bit offset)"
                                      : "NetCDF-3";
    refuse_file(path, std::string("a ") + kind + " file", "twostep reads HDF5 and NetCDF-4",
                "convert it: nccopy -k nc4 " + path + " " + converted_name(path));
  }
  if (head == "\x89HDF\r\n\x1a\n") {
    const bool cut = why.find("truncated") != std::string::npos;
    refuse_file(path, cut ? "an HDF5 file that is cut short" : "a damaged HDF5 file", why,
                "was it copied or written to its end?");
  }
  if (head.starts_with("\x0e\x03\x13\x01")) {
    refuse_file(path, "an HDF4 file", "twostep reads HDF5 and NetCDF-4",
                "convert it: h4toh5 " + path + " " + path + ".h5");
  }
  if (head.starts_with("PK\x03\x04") || head.starts_with("\x1f\x8b") || head.starts_with("BZh") ||
      head.starts_with("\x28\xb5\x2f\xfd")) {
    const char* tool = head[0] == 'P'      ? "unzip "
                       : head[0] == 'B'    ? "bunzip2 "
                       : head[0] == '\x1f' ? "gunzip "
                                           : "unzstd ";
    refuse_file(path, "a compressed archive", "HDF5 files are compressed inside, not as a whole",
                std::string("unpack it: ") + tool + path);
  }
  refuse_file(path, "not an HDF5 file", "it does not begin as one", "check data.files");
}

Handle open_file(const std::string& path) {
  const Handle access = hdf5::reading_properties();
  Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get()), &H5Fclose);
  if (!file.valid()) {
    explain(path);
  }
  return file;
}

// Of all variables of a file together: what their chunks may take up in memory.
constexpr std::uint64_t cache_bytes_in_all = std::uint64_t{512} << 20;

void describe_file(const std::string& path, const TableRequest& request,
                   ShardsDescriber& describer) {
  describer.begin(path);
  try {
    const Handle file = open_file(rooted(request.root, path));
    for (std::size_t v = 0; v < request.variables.size(); ++v) {
      try {
        const Variable variable(file.get(), path, request.variables[v].name);
        describer.add(v, variable.shape(), variable.storage(), variable.type_name());
      } catch (const Error& error) {
        describer.note(error);
      }
    }
  } catch (const Error& error) {
    describer.note(error);
  }
  describer.end();
}

class Hdf5Shards : public Shards {
 public:
  Hdf5Shards(ShardsDescription description, TableRequest request)
      : description_(std::move(description)), request_(std::move(request)) {}

  [[nodiscard]] const std::vector<VariableInfo>& variables() const override {
    return description_.variables;
  }
  [[nodiscard]] const std::vector<ShardInfo>& shards() const override {
    return description_.shards;
  }
  void read_range(std::size_t variable, std::size_t shard, std::uint64_t begin, std::uint64_t count,
                  std::span<double> out) override {
    open(variable, shard, false).read_range(begin, count, out);
  }
  void read_rows(std::size_t variable, std::size_t shard, std::span<const std::uint64_t> rows,
                 std::span<double> out) override {
    open(variable, shard, true).read_rows(rows, out);
  }

 private:
  ShardsDescription description_;
  TableRequest request_;
  std::size_t shard_ = static_cast<std::size_t>(-1);
  bool scattered_ = false;
  Handle file_;
  std::map<std::size_t, Variable> open_;

  const Variable& open(std::size_t variable, std::size_t shard, bool scattered) {
    const ShardInfo& info = description_.shards.at(shard);
    if (shard != shard_) {
      open_.clear();
      file_ = Handle();
      shard_ = static_cast<std::size_t>(-1);
      file_ = open_file(rooted(request_.root, info.path));
      shard_ = shard;
      scattered_ = false;
    }
    advise(scattered && info.chunk_rows == 0);
    const auto found = open_.find(variable);
    if (found != open_.end()) {
      return found->second;
    }
    const std::string& name = request_.variables.at(variable).name;
    Variable& v = open_.try_emplace(variable, file_.get(), info.path, name).first->second;
    bind(v, variable, info);
    return v;
  }

  void bind(Variable& v, std::size_t variable, const ShardInfo& info) {
    const VariableInfo& expected = description_.variables.at(variable);
    const std::string where = info.path + ":" + expected.name;
    TableLayout layout =
        make_table_layout(where, request_.rows, request_.variables[variable], v.shape());
    const auto sizes = row_sizes_of(info);
    bool same = layout.columns == expected.columns && layout.row_sizes.size() == sizes.size();
    for (const TableAxis& axis : layout.axes) {
      same = same && (axis.row == TableAxis::no_row || axis.size == sizes[axis.row]);
    }
    if (!same) {
      open_.erase(variable);
      throw Error(ErrorKind::data, Problem{where, "it changed while the study ran",
                                           "its shape is now " + v.shape().text(), ""});
    }
    layout.row_sizes = sizes;
    v.bind(std::move(layout), cache_bytes_in_all / request_.variables.size());
  }

  // Reading ahead would fetch the very rows that a scattered selection leaves out.
  void advise(bool scattered) {
    void* handle = nullptr;
    if (scattered != scattered_ && H5Fget_vfd_handle(file_.get(), H5P_DEFAULT, &handle) >= 0 &&
        handle != nullptr) {
      ::posix_fadvise(*static_cast<int*>(handle), 0, 0,
                      scattered ? POSIX_FADV_RANDOM : POSIX_FADV_NORMAL);
    }
    scattered_ = scattered;
  }
};

}  // namespace

std::string rooted(const std::string& root, const std::string& path) {
  return root.empty() || path.starts_with("/") ? path : root + "/" + path;
}

ShardsDescription describe_hdf5_shards(const std::vector<std::string>& paths,
                                       const TableRequest& request) {
  ShardsDescriber describer(request);
  for (const std::string& path : paths) {
    describe_file(path, request, describer);
  }
  return describer.take();
}

std::unique_ptr<Shards> open_hdf5_shards(ShardsDescription description, TableRequest request) {
  return std::make_unique<Hdf5Shards>(std::move(description), std::move(request));
}

}  // namespace twostep
