// A team in one process, one thread per member: the group port with sums taken in the order of
// ranks.
#pragma once

#include <barrier>
#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "twostep/base/check.hpp"
#include "twostep/ports/group.hpp"

namespace twostep {

class ThreadTeam {
 public:
  explicit ThreadTeam(int size) : size_(size), barrier_(size), pointers_(size) {}

  // Runs work(group) on every member and rethrows what the lowest throwing rank threw.
  void run(const std::function<void(Group&)>& work) {
    std::vector<std::exception_ptr> errors(static_cast<std::size_t>(size_));
    {
      std::vector<std::jthread> threads;
      for (int rank = 0; rank < size_; ++rank) {
        threads.emplace_back([&, rank] {
          Member member(*this, rank);
          try {
            work(member);
          } catch (...) {
            errors[static_cast<std::size_t>(rank)] = std::current_exception();
          }
        });
      }
    }
    for (const auto& error : errors) {
      if (error) {
        std::rethrow_exception(error);
      }
    }
  }

  class Member : public Group {
   public:
    Member(ThreadTeam& team, int rank) : team_(team), rank_(rank) {}
    [[nodiscard]] int rank() const override { return rank_; }
    [[nodiscard]] int size() const override { return team_.size_; }
    void sum(std::span<float> values) override { add(values); }
    void sum(std::span<double> values) override { add(values); }
    void start_sum(std::span<float> values) override {
      started_.push_back([this, values] { add(values); });
    }
    void start_sum(std::span<double> values) override {
      started_.push_back([this, values] { add(values); });
    }
    void poke() override {}
    void wait_sums() override {
      for (const auto& sum : started_) {
        sum();
      }
      started_.clear();
    }
    void exchange(std::span<const float> send, std::span<const std::uint64_t> send_counts,
                  std::span<float> receive,
                  std::span<const std::uint64_t> receive_counts) override {
      struct Sent {
        std::span<const float> values;
        std::span<const std::uint64_t> counts;
      };
      Sent mine{send, send_counts};
      team_.pointers_[static_cast<std::size_t>(rank_)] = &mine;
      team_.barrier_.arrive_and_wait();
      auto to = receive.begin();
      for (std::size_t i = 0; i < team_.pointers_.size(); ++i) {
        const Sent& sent = *static_cast<const Sent*>(team_.pointers_[i]);
        std::uint64_t begin = 0;
        for (int before = 0; before < rank_; ++before) {
          begin += sent.counts[static_cast<std::size_t>(before)];
        }
        const std::uint64_t n = sent.counts[static_cast<std::size_t>(rank_)];
        TWOSTEP_REQUIRE(n == receive_counts[i]);
        to = std::copy_n(sent.values.begin() + static_cast<long>(begin), n, to);
      }
      team_.barrier_.arrive_and_wait();
    }
    void broadcast(std::span<std::byte> bytes, int root) override {
      team_.pointers_[static_cast<std::size_t>(rank_)] = bytes.data();
      team_.barrier_.arrive_and_wait();
      if (rank_ != root) {
        std::memcpy(bytes.data(), team_.pointers_[static_cast<std::size_t>(root)], bytes.size());
      }
      team_.barrier_.arrive_and_wait();
    }
    [[nodiscard]] std::int64_t native_handle() const override { return -1; }

   private:
    ThreadTeam& team_;
    int rank_;
    std::vector<std::function<void()>> started_;

    template <class T>
    void add(std::span<T> values) {
      team_.pointers_[static_cast<std::size_t>(rank_)] = values.data();
      team_.barrier_.arrive_and_wait();
      std::vector<T> total(values.size(), T(0));
      for (void* pointer : team_.pointers_) {
        const T* other = static_cast<const T*>(pointer);
        for (std::size_t i = 0; i < total.size(); ++i) {
          total[i] += other[i];
        }
      }
      team_.barrier_.arrive_and_wait();
      std::copy(total.begin(), total.end(), values.begin());
      team_.barrier_.arrive_and_wait();
    }
  };

 private:
  int size_;
  std::barrier<> barrier_;
  std::vector<void*> pointers_;
};

// Gives every assignment the same, already existing group.
class FixedGroupMaker : public GroupMaker {
 public:
  explicit FixedGroupMaker(ThreadTeam& team, int rank) : team_(team), rank_(rank) {}
  [[nodiscard]] std::unique_ptr<Group> make(const std::vector<int>&, int) override {
    return std::make_unique<ThreadTeam::Member>(team_, rank_);
  }

 private:
  ThreadTeam& team_;
  int rank_;
};

}  // namespace twostep
