#include "twostep/sim/sim_link.hpp"

#include <algorithm>

#include "twostep/base/check.hpp"

namespace twostep {

class SimNetwork::End : public Link {
 public:
  End(SimNetwork& network, int rank, Clock& clock)
      : network_(network), rank_(rank), clock_(clock) {}
  [[nodiscard]] int rank() const override { return rank_; }
  [[nodiscard]] int size() const override { return static_cast<int>(network_.boxes_.size()); }
  void send(int to, Bytes bytes) override {
    network_.send(clock_.now(), rank_, to, std::move(bytes));
  }
  [[nodiscard]] std::vector<Mail> poll() override { return network_.poll(clock_.now(), rank_); }
  [[nodiscard]] bool drained() override { return true; }

 private:
  SimNetwork& network_;
  int rank_;
  Clock& clock_;
};

SimNetwork::SimNetwork(int ranks, std::uint64_t seed, Duration longest_latency,
                       std::function<void(int, Time)> on_delivery)
    : rng_(seed, Purpose::simulation, 1),
      latency_(longest_latency),
      on_delivery_(std::move(on_delivery)),
      boxes_(static_cast<std::size_t>(ranks)),
      last_to_zero_(static_cast<std::size_t>(ranks)),
      last_from_zero_(static_cast<std::size_t>(ranks)) {}

std::unique_ptr<Link> SimNetwork::link(int rank, Clock& clock) {
  return std::make_unique<End>(*this, rank, clock);
}

void SimNetwork::kill(int rank) {
  boxes_[static_cast<std::size_t>(rank)] = Box{true, {}};
}

void SimNetwork::send(Time now, int from, int to, Bytes bytes) {
  TWOSTEP_REQUIRE(to == 0 || from == 0);  // workers speak to rank 0 alone
  Box& box = boxes_.at(static_cast<std::size_t>(to));
  ++messages_;
  if (box.dead) {
    return;
  }
  const auto latency = Duration(
      static_cast<Duration::rep>(rng_.uniform(messages_) * static_cast<double>(latency_.count())));
  Time& last = to == 0 ? last_to_zero_[static_cast<std::size_t>(from)]
                       : last_from_zero_[static_cast<std::size_t>(to)];
  last = std::max(last, now + latency);
  box.letters.push({last, messages_, from, std::move(bytes)});
  on_delivery_(to, last);
}

std::vector<Mail> SimNetwork::poll(Time now, int rank) {
  std::vector<Mail> out;
  auto& letters = boxes_[static_cast<std::size_t>(rank)].letters;
  while (!letters.empty() && letters.top().arrival <= now) {
    out.push_back({letters.top().from, letters.top().bytes});
    letters.pop();
  }
  return out;
}

}  // namespace twostep
