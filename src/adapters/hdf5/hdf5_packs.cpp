#include "adapters/hdf5/hdf5_packs.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cstdio>

#include "adapters/hdf5/handle.hpp"
#include "adapters/hdf5/pack_header.hpp"
#include "twostep/base/check.hpp"
#include "twostep/base/error.hpp"

namespace twostep {
namespace {

using hdf5::Handle;

static_assert(std::endian::native == std::endian::little,
              "packs are mapped into memory, so they are written in the order of the machine");

constexpr const char* split_names[] = {"train", "validation", "test"};
constexpr std::size_t alignment = 64;
constexpr std::uint64_t header_room = 1U << 20;  // bytes beyond the matrices, generously

enum class Content { inputs, targets, weights };

std::string dataset_name(Split split, Content content) {
  constexpr const char* names[] = {"/inputs", "/targets", "/weights"};
  return std::string("/") + split_names[static_cast<int>(split)] + names[static_cast<int>(content)];
}

bool files_left_open = false;

class Writer : public PackWriter {
 public:
  Writer(std::string path, const PackHeader& header, Group& group)
      : path_(std::move(path)), temporary_(path_ + ".partial"), header_(header), group_(group) {
    create_file();
    for (const Split split : all_splits) {
      const Handle folder(H5Gcreate2(file_.get(), split_names[static_cast<int>(split)], H5P_DEFAULT,
                                     H5P_DEFAULT, H5P_DEFAULT),
                          &H5Gclose);
      inputs_[index(split)] = create_dataset(split, Content::inputs, header.input_names.size());
      targets_[index(split)] = create_dataset(split, Content::targets, header.target_names.size());
      if (!header.weights.empty()) {
        weights_[index(split)] = create_dataset(split, Content::weights, 1);
      }
    }
    hdf5::write_text_attribute(file_.get(), "header", hdf5::encode_header(header));
  }

  // Without finish: all members are here, having agreed that something is wrong.
  ~Writer() override {
    if (finished_) {
      return;
    }
    std::vector<double> failures{write_failed_ ? 1.0 : 0.0};
    group_.sum(failures);
    const bool leave = failures[0] > 0 && group_.size() > 1;
    files_left_open = files_left_open || leave;
    for (auto* list : {&inputs_, &targets_, &weights_}) {
      for (Handle& h : *list) {
        leave ? h.leave() : static_cast<void>(h.close());
      }
    }
    leave ? file_.leave() : static_cast<void>(file_.close());
    if (group_.rank() == 0) {
      std::remove(temporary_.c_str());
    }
  }

  void write_range(Split split, std::uint64_t begin, std::span<const float> inputs,
                   std::span<const float> targets, std::span<const float> weights) override {
    const std::size_t width = header_.input_names.size();
    const std::uint64_t rows = inputs.size() / width;
    TWOSTEP_REQUIRE(rows * width == inputs.size());
    TWOSTEP_REQUIRE(targets.size() == rows * header_.target_names.size());
    TWOSTEP_REQUIRE(begin + rows <= header_.rows[index(split)]);
    TWOSTEP_REQUIRE(weights.size() == (header_.weights.empty() ? 0 : rows));
    write(inputs_[index(split)], begin, rows, width, inputs.data());
    write(targets_[index(split)], begin, rows, header_.target_names.size(), targets.data());
    write(weights_[index(split)], begin, weights.size(), 1, weights.data());
  }

  void finish() override {
    bool good = true;
    for (auto* list : {&inputs_, &targets_, &weights_}) {
      for (Handle& h : *list) {
        good = h.close() && good;
      }
    }
    good = H5Fflush(file_.get(), H5F_SCOPE_GLOBAL) >= 0 && good;
    good = file_.close() && good;
    std::vector<double> failures{good ? 0.0 : 1.0};
    group_.sum(failures);  // also: all are through with writing
    if (failures[0] > 0) {
      write_failed_ = true;
      hdf5::throw_io(path_, "could not be written to its end");
    }
    std::vector<double> published{0.0};
    std::string why;
    if (group_.rank() == 0) {
      try {
        hdf5::publish(temporary_, path_);
      } catch (const Error& error) {
        published[0] = 1.0;
        why = error.what();
      }
    }
    group_.sum(published);
    if (published[0] > 0) {
      throw Error(ErrorKind::io, Problem{path_, "could not be published", why, ""});
    }
    finished_ = true;
  }

 private:
  std::string path_;
  std::string temporary_;
  PackHeader header_;
  Group& group_;
  Handle file_;
  std::array<Handle, 3> inputs_;
  std::array<Handle, 3> targets_;
  std::array<Handle, 3> weights_;  // invalid where there are none
  bool finished_ = false;
  bool write_failed_ = false;

  static std::size_t index(Split split) { return static_cast<std::size_t>(split); }

  void create_file() {
    const Handle access(H5Pcreate(H5P_FILE_ACCESS), &H5Pclose);
    H5Pset_alignment(access.get(), alignment, alignment);
    if (group_.size() > 1 && group_.native_handle() >= 0) {
      const MPI_Comm comm = MPI_Comm_f2c(static_cast<MPI_Fint>(group_.native_handle()));
      H5Pset_fapl_mpio(access.get(), comm, MPI_INFO_NULL);
      H5Pset_all_coll_metadata_ops(access.get(), true);
      H5Pset_coll_metadata_write(access.get(), true);
    }
    const Handle creation(H5Pcreate(H5P_FILE_CREATE), &H5Pclose);
    // The header may be longer than the 64 KB of an attribute in an object header.
    H5Pset_attr_phase_change(creation.get(), 0, 0);
    H5Pset_libver_bounds(access.get(), H5F_LIBVER_V18, H5F_LIBVER_LATEST);
    file_ = Handle(H5Fcreate(temporary_.c_str(), H5F_ACC_EXCL, creation.get(), access.get()),
                   &H5Fclose);
    if (!file_.valid()) {
      hdf5::throw_io(temporary_, "cannot be created");
    }
  }

  Handle create_dataset(Split split, Content content, std::size_t columns) {
    const hsize_t dims[2] = {header_.rows[index(split)], columns};
    const Handle space(H5Screate_simple(2, dims, nullptr), &H5Sclose);
    const Handle creation(H5Pcreate(H5P_DATASET_CREATE), &H5Pclose);
    H5Pset_alloc_time(creation.get(), H5D_ALLOC_TIME_EARLY);
    H5Pset_fill_time(creation.get(), H5D_FILL_TIME_NEVER);
    Handle dataset(H5Dcreate2(file_.get(), dataset_name(split, content).c_str(), H5T_IEEE_F32LE,
                              space.get(), H5P_DEFAULT, creation.get(), H5P_DEFAULT),
                   &H5Dclose);
    if (!dataset.valid()) {
      hdf5::throw_io(temporary_, "has no room for " + dataset_name(split, content));
    }
    return dataset;
  }

  void write(const Handle& dataset, std::uint64_t begin, std::uint64_t rows, std::size_t columns,
             const float* values) {
    if (rows == 0) {
      return;
    }
    const Handle file_space(H5Dget_space(dataset.get()), &H5Sclose);
    const hsize_t start[2] = {begin, 0};
    const hsize_t size[2] = {rows, columns};
    H5Sselect_hyperslab(file_space.get(), H5S_SELECT_SET, start, nullptr, size, nullptr);
    const Handle memory_space(H5Screate_simple(2, size, nullptr), &H5Sclose);
    if (H5Dwrite(dataset.get(), H5T_NATIVE_FLOAT, memory_space.get(), file_space.get(), H5P_DEFAULT,
                 values) < 0) {
      write_failed_ = true;
      hdf5::throw_io(temporary_, "cannot be written");
    }
  }
};

// A read-only mapping of a whole file.
class Mapping {
 public:
  explicit Mapping(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat info {};
    if (fd >= 0 && ::fstat(fd, &info) == 0 && info.st_size > 0) {
      bytes_ = static_cast<std::size_t>(info.st_size);
      void* at = ::mmap(nullptr, bytes_, PROT_READ, MAP_SHARED, fd, 0);
      data_ = at == MAP_FAILED ? nullptr : static_cast<const std::byte*>(at);
    }
    if (fd >= 0) {
      ::close(fd);
    }
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (data_ != nullptr) {
      ::munmap(const_cast<std::byte*>(data_), bytes_);
    }
  }
  // Null if the bytes are not all there.
  [[nodiscard]] const float* floats(std::uint64_t offset, std::size_t count) const {
    const bool inside = data_ != nullptr && offset % sizeof(float) == 0 && offset <= bytes_ &&
                        count * sizeof(float) <= bytes_ - offset;
    return inside ? reinterpret_cast<const float*>(data_ + offset) : nullptr;
  }
  // Gives advice about the pages that hold these values, if they are mapped.
  void advise(std::span<const float> values, int advice) const {
    const auto* at = reinterpret_cast<const std::byte*>(values.data());
    if (data_ == nullptr || values.empty() || at < data_ || at >= data_ + bytes_) {
      return;
    }
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const std::size_t begin = static_cast<std::size_t>(at - data_) / page * page;
    const std::size_t end = static_cast<std::size_t>(at - data_) + values.size_bytes();
    ::madvise(const_cast<std::byte*>(data_) + begin, end - begin, advice);
  }

 private:
  const std::byte* data_ = nullptr;
  std::size_t bytes_ = 0;
};

class MappedPack : public Pack {
 public:
  MappedPack(const std::string& path, hid_t file, PackHeader header)
      : header_(std::move(header)), mapping_(path) {
    for (const Split split : all_splits) {
      const auto i = static_cast<std::size_t>(split);
      inputs_[i] = view(file, dataset_name(split, Content::inputs), header_.rows[i],
                        header_.input_names.size(), copies_[3 * i]);
      targets_[i] = view(file, dataset_name(split, Content::targets), header_.rows[i],
                         header_.target_names.size(), copies_[3 * i + 1]);
      if (!header_.weights.empty()) {
        weights_[i] = view(file, dataset_name(split, Content::weights), header_.rows[i], 1,
                           copies_[3 * i + 2]);
      }
    }
  }

  [[nodiscard]] bool whole() const { return whole_; }
  [[nodiscard]] const PackHeader& header() const override { return header_; }
  [[nodiscard]] std::span<const float> inputs(Split split) const override {
    return inputs_[static_cast<std::size_t>(split)];
  }
  [[nodiscard]] std::span<const float> targets(Split split) const override {
    return targets_[static_cast<std::size_t>(split)];
  }
  [[nodiscard]] std::span<const float> weights(Split split) const override {
    return weights_[static_cast<std::size_t>(split)];
  }
  void will_need(Split split, RowRange rows) const override { advise(split, rows, MADV_WILLNEED); }
  void release(Split split, RowRange rows) const override { advise(split, rows, MADV_DONTNEED); }

 private:
  void advise(Split split, RowRange rows, int advice) const {
    const auto some = [&](std::span<const float> all, std::size_t width) {
      return all.subspan(rows.begin * width, rows.size() * width);
    };
    mapping_.advise(some(inputs(split), header_.input_names.size()), advice);
    mapping_.advise(some(targets(split), header_.target_names.size()), advice);
    if (!weights(split).empty()) {
      mapping_.advise(some(weights(split), 1), advice);
    }
  }

  PackHeader header_;
  Mapping mapping_;
  std::array<std::span<const float>, 3> inputs_;
  std::array<std::span<const float>, 3> targets_;
  std::array<std::span<const float>, 3> weights_;
  std::array<std::vector<float>, 9> copies_;  // where a file system cannot map
  bool whole_ = true;

  std::span<const float> view(hid_t file, const std::string& name, std::uint64_t rows,
                              std::size_t columns, std::vector<float>& copy) {
    const std::size_t n = rows * columns;
    const Handle dataset(H5Dopen2(file, name.c_str(), H5P_DEFAULT), &H5Dclose);
    const Handle space(H5Dget_space(dataset.get()), &H5Sclose);
    if (!dataset.valid() || H5Sget_simple_extent_npoints(space.get()) != static_cast<hssize_t>(n)) {
      whole_ = false;
      return {};
    }
    if (n == 0) {
      return {};
    }
    const haddr_t offset = H5Dget_offset(dataset.get());
    const float* at = offset == HADDR_UNDEF ? nullptr : mapping_.floats(offset, n);
    if (at != nullptr) {
      return {at, n};
    }
    copy.resize(n);
    whole_ = whole_ && H5Dread(dataset.get(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                               copy.data()) >= 0;
    return copy;
  }
};

class Hdf5Packs : public Packs {
 public:
  explicit Hdf5Packs(std::string folder) : folder_(std::move(folder)) { hdf5::prepare_library(); }

  [[nodiscard]] std::unique_ptr<PackWriter> create(const std::string& name,
                                                   const PackHeader& header,
                                                   Group& group) override {
    std::uint64_t bytes = header_room;
    for (const std::uint64_t rows : header.rows) {
      bytes += rows * sizeof(float) *
               (header.input_names.size() + header.target_names.size() +
                (header.weights.empty() ? 0 : 1));
    }
    std::array<std::byte, 1> full{};
    std::unique_ptr<Error> problem;
    if (group.rank() == 0) {
      try {
        hdf5::require_space(path(name) + ".partial", bytes, "the extracted data (" + name + ".h5)");
      } catch (const Error& error) {
        problem = std::make_unique<Error>(error);
        full[0] = std::byte{1};
      }
    }
    group.broadcast(full, 0);
    if (full[0] != std::byte{0}) {
      throw problem ? Error(*problem)
                    : Error(ErrorKind::io, Problem{folder_, "not enough space for " + name + ".h5",
                                                   "the leader of the team found too little", ""});
    }
    return std::make_unique<Writer>(path(name), header, group);
  }

  [[nodiscard]] std::unique_ptr<Pack> open(const std::string& name,
                                           const std::string& digest) override {
    const Handle access = hdf5::reading_properties();
    const Handle file(H5Fopen(path(name).c_str(), H5F_ACC_RDONLY, access.get()), &H5Fclose);
    if (!file.valid()) {
      hdf5::reason();
      return nullptr;
    }
    auto header = hdf5::decode_header(hdf5::read_text_attribute(file.get(), "header"));
    if (!header || header->digest != digest) {
      return nullptr;
    }
    auto pack = std::make_unique<MappedPack>(path(name), file.get(), std::move(*header));
    return pack->whole() ? std::move(pack) : nullptr;
  }

 private:
  std::string folder_;
  [[nodiscard]] std::string path(const std::string& name) const {
    return folder_ + "/" + name + ".h5";
  }
};

}  // namespace

bool hdf5_cannot_finalize() {
  return files_left_open;
}

std::unique_ptr<Packs> make_hdf5_packs(const std::string& folder) {
  return std::make_unique<Hdf5Packs>(folder);
}

}  // namespace twostep
