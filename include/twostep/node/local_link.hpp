// The link of a study without mpirun: coordinator and worker in one process and one thread, each
// with its end. Both are rank 0 of a world of one, so the worker's id is 0.
#pragma once

#include <deque>

#include "twostep/ports/link.hpp"

namespace twostep {

class LocalLink {
 public:
  LocalLink() : coordinator_(to_coordinator_, to_worker_), worker_(to_worker_, to_coordinator_) {}
  LocalLink(const LocalLink&) = delete;
  LocalLink& operator=(const LocalLink&) = delete;

  [[nodiscard]] Link& coordinator_end() { return coordinator_; }
  [[nodiscard]] Link& worker_end() { return worker_; }

 private:
  class End : public Link {
   public:
    End(std::deque<Mail>& in, std::deque<Mail>& out) : in_(in), out_(out) {}
    [[nodiscard]] int rank() const override { return 0; }
    [[nodiscard]] int size() const override { return 1; }
    void send(int, Bytes bytes) override { out_.push_back({0, std::move(bytes)}); }
    [[nodiscard]] std::vector<Mail> poll() override {
      std::vector<Mail> mails(std::make_move_iterator(in_.begin()),
                              std::make_move_iterator(in_.end()));
      in_.clear();
      return mails;
    }
    [[nodiscard]] bool drained() override { return true; }

   private:
    std::deque<Mail>& in_;
    std::deque<Mail>& out_;
  };

  std::deque<Mail> to_coordinator_;
  std::deque<Mail> to_worker_;
  End coordinator_;
  End worker_;
};

}  // namespace twostep
