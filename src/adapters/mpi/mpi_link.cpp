#include "adapters/mpi/mpi_link.hpp"

#include "twostep/base/check.hpp"

namespace twostep {
namespace {

constexpr int tag = 1;
// Mail that one poll returns at most, so that a flood does not keep rank 0 from deciding.
constexpr std::size_t most_at_once = 1024;

}  // namespace

MpiLink::MpiLink() {
  MPI_Comm_dup(MPI_COMM_WORLD, &comm_);
  MPI_Comm_rank(comm_, &rank_);
  MPI_Comm_size(comm_, &size_);
}

MpiLink::~MpiLink() {
  // What was sent to the dead never leaves; its buffers must outlive this object, so they are left.
  for (Pending& pending : sending_) {
    MPI_Request_free(&pending.request);
    new Bytes(std::move(pending.bytes));
  }
  MPI_Comm_free(&comm_);
}

void MpiLink::send(int to, Bytes bytes) {
  TWOSTEP_REQUIRE(to >= 0 && to < size_);
  sending_.push_back({std::move(bytes), MPI_REQUEST_NULL});
  Pending& pending = sending_.back();
  MPI_Isend(pending.bytes.data(), static_cast<int>(pending.bytes.size()), MPI_BYTE, to, tag, comm_,
            &pending.request);
}

void MpiLink::progress() {
  for (auto it = sending_.begin(); it != sending_.end();) {
    int done = 0;
    MPI_Test(&it->request, &done, MPI_STATUS_IGNORE);
    it = done != 0 ? sending_.erase(it) : std::next(it);
  }
}

std::vector<Mail> MpiLink::poll() {
  progress();
  std::vector<Mail> out;
  while (out.size() < most_at_once) {
    int found = 0;
    MPI_Message message = MPI_MESSAGE_NULL;
    MPI_Status status;
    MPI_Improbe(MPI_ANY_SOURCE, tag, comm_, &found, &message, &status);
    if (found == 0) {
      break;
    }
    int size = 0;
    MPI_Get_count(&status, MPI_BYTE, &size);
    Mail mail{status.MPI_SOURCE, Bytes(static_cast<std::size_t>(size))};
    MPI_Mrecv(mail.bytes.data(), size, MPI_BYTE, &message, MPI_STATUS_IGNORE);
    out.push_back(std::move(mail));
  }
  return out;
}

bool MpiLink::drained() {
  progress();
  return sending_.empty();
}

}  // namespace twostep
