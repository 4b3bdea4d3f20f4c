// The group port on sub-communicators.
#pragma once

#include <mpi.h>

#include <functional>

#include "twostep/ports/group.hpp"

namespace twostep {

class MpiGroupMaker : public GroupMaker {
 public:
  [[nodiscard]] std::unique_ptr<Group> make(const std::vector<int>& ranks, int tag) override;
};

namespace mpi {

// Starts a non-blocking operation and waits for it without burning the processor: after a short
// while of asking it sleeps between the questions. For waits that may be long.
void wait_politely(const std::function<void(MPI_Request*)>& begin);
void broadcast_bytes(std::span<std::byte> bytes, int root, MPI_Comm comm);

}  // namespace mpi
}  // namespace twostep
