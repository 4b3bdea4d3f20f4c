// Port: a team of ranks that compute together. All calls are collective: every member makes the
// same calls in the same order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace twostep {

class Group {
 public:
  virtual ~Group() = default;
  [[nodiscard]] virtual int rank() const = 0;
  [[nodiscard]] virtual int size() const = 0;
  // In place; every member gets the same bits.
  virtual void sum(std::span<float> values) = 0;
  virtual void sum(std::span<double> values) = 0;
  // Started sums overlap with computing; `values` must stay alive and untouched until wait_sums
  // returns.
  virtual void start_sum(std::span<float> values) = 0;
  virtual void start_sum(std::span<double> values) = 0;
  // Lets started sums go on: a transport may make progress only inside its calls. Cheap; not
  // collective.
  virtual void poke() = 0;
  virtual void wait_sums() = 0;
  // Part i of `send` goes to member i, part i of `receive` comes from member i; the parts lie one
  // behind the other, send_counts[i] and receive_counts[i] values long.
  virtual void exchange(std::span<const float> send, std::span<const std::uint64_t> send_counts,
                        std::span<float> receive,
                        std::span<const std::uint64_t> receive_counts) = 0;
  virtual void broadcast(std::span<std::byte> bytes, int root) = 0;
  // The communicator as MPI's integer handle (MPI_Comm_c2f) for parallel file access; -1 if this
  // group is not MPI's.
  [[nodiscard]] virtual std::int64_t native_handle() const = 0;
};

// Makes the group of a team. Collective over exactly these ranks (of the world), all of which pass
// the same arguments; `tag` tells groups apart that are being made at the same time.
class GroupMaker {
 public:
  virtual ~GroupMaker() = default;
  [[nodiscard]] virtual std::unique_ptr<Group> make(const std::vector<int>& ranks, int tag) = 0;
};

}  // namespace twostep
