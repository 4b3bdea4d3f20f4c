// A network in one thread. It promises what MPI promises and no more: messages of one pair arrive
// in order, after a latency; what is sent to the dead vanishes.
#pragma once

#include <functional>
#include <memory>
#include <queue>
#include <vector>

#include "twostep/base/rng.hpp"
#include "twostep/ports/clock.hpp"
#include "twostep/ports/link.hpp"

namespace twostep {

class SimNetwork {
 public:
  // on_delivery(rank, time) is called when a message is on its way: the rank will have mail then.
  SimNetwork(int ranks, std::uint64_t seed, Duration longest_latency,
             std::function<void(int, Time)> on_delivery);

  // The end of one rank; `clock` says when it sends.
  [[nodiscard]] std::unique_ptr<Link> link(int rank, Clock& clock);
  void kill(int rank);
  [[nodiscard]] std::uint64_t messages() const { return messages_; }

 private:
  class End;
  struct Letter {
    Time arrival{};
    std::uint64_t number = 0;
    int from = 0;
    Bytes bytes;
    friend bool operator>(const Letter& a, const Letter& b) {
      return std::pair(a.arrival, a.number) > std::pair(b.arrival, b.number);
    }
  };
  struct Box {
    bool dead = false;
    std::priority_queue<Letter, std::vector<Letter>, std::greater<>> letters;
  };

  Rng rng_;
  Duration latency_;
  std::function<void(int, Time)> on_delivery_;
  std::vector<Box> boxes_;
  std::vector<Time> last_to_zero_;    // latest arrival per sender at rank 0
  std::vector<Time> last_from_zero_;  // and of rank 0's messages per receiver
  std::uint64_t messages_ = 0;

  void send(Time now, int from, int to, Bytes bytes);
  std::vector<Mail> poll(Time now, int rank);
};

}  // namespace twostep
