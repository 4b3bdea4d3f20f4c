#include "adapters/hdf5/hdf5_shards.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>

#include "adapters/hdf5/variable.hpp"
#include "twostep/base/check.hpp"
#include "twostep/base/error.hpp"

namespace twostep {
namespace {

using hdf5::Handle;
using hdf5::Variable;

[[noreturn]] void refuse(const std::string& path, const std::string& what, const std::string& why,
                         const std::string& hint) {
  throw Error(ErrorKind::data, Problem{path, what, why, hint});
}

// Says what a file is that HDF5 does not open.
[[noreturn]] void explain(const std::string& path) {
  const std::string why = hdf5::reason();
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) {
    refuse(path, "cannot be opened", std::strerror(errno), "check data.files and the permissions");
  }
  char magic[8] = {};
  const std::size_t n = std::fread(magic, 1, sizeof magic, file);
  std::fclose(file);
  if (n >= 4 && std::memcmp(magic, "CDF", 3) == 0) {
    const char* kind = magic[3] == 5 ? "CDF-5" : "NetCDF-3";
    refuse(path, std::string("a ") + kind + " file", "twostep reads HDF5 and NetCDF-4",
           "convert it: nccopy -k nc4 " + path + " new.nc");
  }
  if (n == 8 && std::memcmp(magic, "\x89HDF\r\n\x1a\n", 8) == 0) {
    refuse(path, "a damaged HDF5 file", why, "was it copied or written to its end?");
  }
  refuse(path, "not an HDF5 file", "it does not begin as one", "check data.files");
}

Handle open_file(const std::string& path) {
  const Handle access = hdf5::reading_properties();
  Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get()), &H5Fclose);
  if (!file.valid()) {
    explain(path);
  }
  return file;
}

std::string shape_text(const Variable& v) {
  return "[" + std::to_string(v.rows()) +
         (v.columns() > 1 ? ", " + std::to_string(v.columns()) : "") + "]";
}

class Describer {
 public:
  explicit Describer(const std::vector<std::string>& names) : names_(names) {}

  void add(const std::string& path) {
    try {
      const Handle file = open_file(path);
      read(path, file.get());
    } catch (const Error& error) {
      note(error);
    }
  }

  ShardsDescription take() {
    if (problems_.size() > most_listed) {
      const std::size_t more = problems_.size() - most_listed;
      problems_.resize(most_listed);
      problems_.push_back({"", std::to_string(more) + " more problems of this kind", "", ""});
    }
    if (!problems_.empty()) {
      throw Error(ErrorKind::data, problems_);
    }
    return std::move(out_);
  }

 private:
  static constexpr std::size_t most_listed = 20;
  const std::vector<std::string>& names_;
  ShardsDescription out_;
  std::vector<Problem> problems_;

  void note(const Error& error) {
    problems_.insert(problems_.end(), error.problems().begin(), error.problems().end());
  }

  void read(const std::string& path, hid_t file) {
    ShardInfo shard{path, 0, 0};
    bool first = true;
    std::string first_name;
    std::vector<VariableInfo> variables;
    for (const std::string& name : names_) {
      try {
        const Variable v(file, path, name);
        if (!first && v.rows() != shard.rows) {
          refuse(path + ":" + name, "its shape " + shape_text(v) + " does not fit",
                 first_name + " of the same file has " + std::to_string(shard.rows) + " rows", "");
        }
        if (first) {
          shard.rows = v.rows();
          first_name = name;
          first = false;
        }
        shard.chunk_rows = std::max(shard.chunk_rows, v.chunk_rows());
        variables.push_back({name, v.columns(), v.type_name(), v.element_bytes()});
      } catch (const Error& error) {
        note(error);
      }
    }
    out_.shards.push_back(shard);
    if (variables.size() == names_.size()) {
      compare(path, variables);
    }
  }

  void compare(const std::string& path, const std::vector<VariableInfo>& variables) {
    if (out_.variables.empty()) {
      out_.variables = variables;
      return;
    }
    for (std::size_t i = 0; i < variables.size(); ++i) {
      if (variables[i].columns != out_.variables[i].columns) {
        problems_.push_back({path + ":" + variables[i].name,
                             "it has " + std::to_string(variables[i].columns) + " columns",
                             "in " + out_.shards.front().path + " it has " +
                                 std::to_string(out_.variables[i].columns),
                             "all files of a study hold the same variables"});
      }
    }
  }
};

class Hdf5Shards : public Shards {
 public:
  explicit Hdf5Shards(ShardsDescription description) : description_(std::move(description)) {}

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
      file_ = open_file(info.path);
      shard_ = shard;
      scattered_ = false;
    }
    advise(scattered && info.chunk_rows == 0);
    const auto found = open_.find(variable);
    if (found != open_.end()) {
      return found->second;
    }
    const VariableInfo& expected = description_.variables.at(variable);
    const Variable& v =
        open_.try_emplace(variable, file_.get(), info.path, expected.name).first->second;
    if (v.rows() != info.rows || v.columns() != expected.columns) {
      throw Error(ErrorKind::data,
                  Problem{info.path + ":" + expected.name, "it changed while the study ran",
                          "its shape is now " + shape_text(v), ""});
    }
    return v;
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

void ShardsDescription::encode(ByteWriter& writer) const {
  writer.u64(variables.size());
  for (const VariableInfo& v : variables) {
    writer.text(v.name);
    writer.u64(v.columns);
    writer.text(v.type);
    writer.u64(v.element_bytes);
  }
  writer.u64(shards.size());
  for (const ShardInfo& s : shards) {
    writer.text(s.path);
    writer.u64(s.rows);
    writer.u64(s.chunk_rows);
  }
}

ShardsDescription ShardsDescription::decode(ByteReader& reader) {
  ShardsDescription out;
  out.variables.resize(reader.count(8));
  for (VariableInfo& v : out.variables) {
    v.name = reader.text();
    v.columns = reader.u64();
    v.type = reader.text();
    v.element_bytes = reader.u64();
  }
  out.shards.resize(reader.count(8));
  for (ShardInfo& s : out.shards) {
    s.path = reader.text();
    s.rows = reader.u64();
    s.chunk_rows = reader.u64();
  }
  return out;
}

ShardsDescription describe_hdf5_shards(const std::vector<std::string>& paths,
                                       const std::vector<std::string>& variables) {
  Describer describer(variables);
  for (const std::string& path : paths) {
    describer.add(path);
  }
  return describer.take();
}

std::unique_ptr<Shards> open_hdf5_shards(ShardsDescription description) {
  return std::make_unique<Hdf5Shards>(std::move(description));
}

}  // namespace twostep
