#include "adapters/mpi/mpi_group.hpp"

#include <chrono>
#include <thread>

#include "twostep/ports/solo_group.hpp"

namespace twostep {
namespace {

constexpr std::size_t largest_message = std::size_t{1} << 30;  // elements: MPI counts are int
constexpr int exchange_tag = 1;
constexpr int eager_tests = 2000;  // some 100 us
constexpr auto longest_pause = std::chrono::milliseconds(1);

template <class T>
void sum_in_place(std::span<T> values, MPI_Datatype type, MPI_Comm comm) {
  while (!values.empty()) {
    const std::size_t n = std::min(values.size(), largest_message);
    MPI_Allreduce(MPI_IN_PLACE, values.data(), static_cast<int>(n), type, MPI_SUM, comm);
    values = values.subspan(n);
  }
}

class MpiGroup : public Group {
 public:
  explicit MpiGroup(MPI_Comm comm) : comm_(comm) {
    MPI_Comm_rank(comm_, &rank_);
    MPI_Comm_size(comm_, &size_);
  }
  MpiGroup(const MpiGroup&) = delete;
  MpiGroup& operator=(const MpiGroup&) = delete;
  ~MpiGroup() override { MPI_Comm_free(&comm_); }

  [[nodiscard]] int rank() const override { return rank_; }
  [[nodiscard]] int size() const override { return size_; }
  void sum(std::span<float> values) override { sum_in_place(values, MPI_FLOAT, comm_); }
  void sum(std::span<double> values) override { sum_in_place(values, MPI_DOUBLE, comm_); }
  void start_sum(std::span<float> values) override { start(values, MPI_FLOAT); }
  void start_sum(std::span<double> values) override { start(values, MPI_DOUBLE); }
  void poke() override {
    if (!started_.empty()) {
      int done = 0;
      MPI_Testall(static_cast<int>(started_.size()), started_.data(), &done, MPI_STATUSES_IGNORE);
    }
  }
  void wait_sums() override {
    MPI_Waitall(static_cast<int>(started_.size()), started_.data(), MPI_STATUSES_IGNORE);
    started_.clear();
  }
  void exchange(std::span<const float> send, std::span<const std::uint64_t> send_counts,
                std::span<float> receive, std::span<const std::uint64_t> receive_counts) override {
    std::vector<MPI_Request> requests;
    for (int i = 0; i < size_; ++i) {
      for (std::uint64_t left = receive_counts[static_cast<std::size_t>(i)]; left > 0;) {
        const std::size_t n = std::min<std::size_t>(left, largest_message);
        MPI_Irecv(receive.data(), static_cast<int>(n), MPI_FLOAT, i, exchange_tag, comm_,
                  &requests.emplace_back());
        receive = receive.subspan(n);
        left -= n;
      }
    }
    for (int i = 0; i < size_; ++i) {
      for (std::uint64_t left = send_counts[static_cast<std::size_t>(i)]; left > 0;) {
        const std::size_t n = std::min<std::size_t>(left, largest_message);
        MPI_Isend(send.data(), static_cast<int>(n), MPI_FLOAT, i, exchange_tag, comm_,
                  &requests.emplace_back());
        send = send.subspan(n);
        left -= n;
      }
    }
    MPI_Waitall(static_cast<int>(requests.size()), requests.data(), MPI_STATUSES_IGNORE);
  }
  void broadcast(std::span<std::byte> bytes, int root) override {
    mpi::broadcast_bytes(bytes, root, comm_);
  }
  // MPICH's handles use the sign bit of an int: as they are, they would mean "not MPI's".
  [[nodiscard]] std::int64_t native_handle() const override {
    static_assert(sizeof(MPI_Fint) == sizeof(std::uint32_t));
    return static_cast<std::uint32_t>(MPI_Comm_c2f(comm_));
  }

 private:
  MPI_Comm comm_;
  int rank_ = 0;
  int size_ = 1;
  std::vector<MPI_Request> started_;

  template <class T>
  void start(std::span<T> values, MPI_Datatype type) {
    while (!values.empty()) {
      const std::size_t n = std::min(values.size(), largest_message);
      MPI_Iallreduce(MPI_IN_PLACE, values.data(), static_cast<int>(n), type, MPI_SUM, comm_,
                     &started_.emplace_back());
      values = values.subspan(n);
    }
  }
};

}  // namespace

namespace mpi {

void wait_politely(const std::function<void(MPI_Request*)>& begin) {
  MPI_Request request = MPI_REQUEST_NULL;
  begin(&request);
  int done = 0;
  auto pause = std::chrono::microseconds(20);
  for (int tests = 0; done == 0; ++tests) {
    MPI_Test(&request, &done, MPI_STATUS_IGNORE);
    if (done == 0 && tests > eager_tests) {
      std::this_thread::sleep_for(pause);
      pause = std::min<std::chrono::microseconds>(2 * pause, longest_pause);
    }
  }
}

void broadcast_bytes(std::span<std::byte> bytes, int root, MPI_Comm comm) {
  while (!bytes.empty()) {
    const std::size_t n = std::min(bytes.size(), largest_message);
    wait_politely([&](MPI_Request* request) {
      MPI_Ibcast(bytes.data(), static_cast<int>(n), MPI_BYTE, root, comm, request);
    });
    bytes = bytes.subspan(n);
  }
}

}  // namespace mpi

std::unique_ptr<Group> MpiGroupMaker::make(const std::vector<int>& ranks, int tag) {
  if (ranks.size() == 1) {
    return std::make_unique<SoloGroup>();
  }
  MPI_Group world = MPI_GROUP_NULL;
  MPI_Comm_group(MPI_COMM_WORLD, &world);
  MPI_Group team = MPI_GROUP_NULL;
  MPI_Group_incl(world, static_cast<int>(ranks.size()), ranks.data(), &team);
  MPI_Comm comm = MPI_COMM_NULL;
  MPI_Comm_create_group(MPI_COMM_WORLD, team, tag, &comm);
  MPI_Group_free(&team);
  MPI_Group_free(&world);
  return std::make_unique<MpiGroup>(comm);
}

}  // namespace twostep
