// The group of one member: nothing to share.
#pragma once

#include <algorithm>

#include "twostep/ports/group.hpp"

namespace twostep {

class SoloGroup : public Group {
 public:
  [[nodiscard]] int rank() const override { return 0; }
  [[nodiscard]] int size() const override { return 1; }
  void sum(std::span<float>) override {}
  void sum(std::span<double>) override {}
  void start_sum(std::span<float>) override {}
  void start_sum(std::span<double>) override {}
  void poke() override {}
  void exchange(std::span<const float> send, std::span<const std::uint64_t>,
                std::span<float> receive, std::span<const std::uint64_t>) override {
    std::copy(send.begin(), send.end(), receive.begin());
  }
  void wait_sums() override {}
  void broadcast(std::span<std::byte>, int) override {}
  [[nodiscard]] std::int64_t native_handle() const override { return -1; }
};

// For a study in one process.
class SoloGroupMaker : public GroupMaker {
 public:
  [[nodiscard]] std::unique_ptr<Group> make(const std::vector<int>&, int) override {
    return std::make_unique<SoloGroup>();
  }
};

}  // namespace twostep
