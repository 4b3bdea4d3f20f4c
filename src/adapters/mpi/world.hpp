// The life of MPI in this process, and the ports on it. One thread calls MPI.
#pragma once

#include <memory>

#include "twostep/base/bytes.hpp"
#include "twostep/ports/group.hpp"
#include "twostep/ports/link.hpp"

namespace twostep {

class MpiWorld {
 public:
  MpiWorld(int& argc, char**& argv);
  ~MpiWorld();  // MPI_Finalize
  MpiWorld(const MpiWorld&) = delete;
  MpiWorld& operator=(const MpiWorld&) = delete;

  [[nodiscard]] int rank() const;
  [[nodiscard]] int size() const;
  // Everybody gets the root's bytes. Collective.
  void broadcast(Bytes& bytes, int root);
  // One text of each rank, on rank 0 (empty elsewhere). Collective.
  std::vector<std::string> gather(const std::string& text);
  void barrier();

  [[nodiscard]] std::unique_ptr<Link> make_link();
  [[nodiscard]] std::unique_ptr<GroupMaker> make_group_maker();
};

// Ends all ranks at once, for bugs only; usable as a BugHandler.
[[noreturn]] void abort_all(const char* message);
// The same without a message, for ends that MPI_Finalize cannot be part of.
[[noreturn]] void end_all(int exit_code);
[[nodiscard]] std::string mpi_version();  // "Open MPI v4.1.4, MPI 3.1"

}  // namespace twostep
