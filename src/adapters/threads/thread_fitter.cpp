#include "adapters/threads/thread_fitter.hpp"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

namespace twostep {
namespace {

class ThreadFitter : public Fitter {
 public:
  explicit ThreadFitter(Proposer proposer)
      : proposer_(std::move(proposer)), thread_([this] { work(); }) {}
  ThreadFitter(const ThreadFitter&) = delete;
  ThreadFitter& operator=(const ThreadFitter&) = delete;
  ~ThreadFitter() override {
    {
      const std::lock_guard lock(mutex_);
      ends_ = true;
    }
    changed_.notify_one();
    thread_.join();  // after the present fit
  }

  void tell(std::vector<SearchNews> news) override {
    const std::lock_guard lock(mutex_);
    news_.insert(news_.end(), std::make_move_iterator(news.begin()),
                 std::make_move_iterator(news.end()));
  }
  void ask() override {
    {
      const std::lock_guard lock(mutex_);
      asked_ = true;
    }
    changed_.notify_one();
  }
  [[nodiscard]] std::optional<Proposal> poll() override {
    const std::lock_guard lock(mutex_);
    if (failure_) {
      std::rethrow_exception(std::exchange(failure_, nullptr));
    }
    return std::exchange(made_, std::nullopt);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<SearchNews> news_;
  std::optional<Proposal> made_;
  std::exception_ptr failure_;
  bool asked_ = false;
  bool ends_ = false;
  Proposer proposer_;   // of the thread alone
  std::thread thread_;  // the last member: it uses the others

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return asked_ || ends_; });
      if (ends_) {
        return;
      }
      asked_ = false;
      const std::vector<SearchNews> news = std::exchange(news_, {});
      lock.unlock();
      std::optional<Proposal> made;
      std::exception_ptr failure;
      try {
        for (const SearchNews& each : news) {
          proposer_.tell(each);
        }
        const TrialId next(proposer_.latest().value + 1);
        made = Proposal{next, proposer_.next(next)};
      } catch (...) {
        failure = std::current_exception();
      }
      lock.lock();
      made_ = std::move(made);
      failure_ = failure;
    }
  }
};

}  // namespace

std::unique_ptr<Fitter> make_thread_fitter(Proposer proposer) {
  return std::make_unique<ThreadFitter>(std::move(proposer));
}

}  // namespace twostep
