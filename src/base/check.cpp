#include "twostep/base/check.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace twostep {
namespace {
std::atomic<BugHandler> handler_{nullptr};
}

void set_bug_handler(BugHandler handler) noexcept {
  handler_ = handler;
}

void report_bug(const char* kind, const char* condition, const char* file, int line) noexcept {
  char message[512];
  std::snprintf(message, sizeof message, "bug: %s:%d: %s does not hold: %s", file, line, kind,
                condition);
  if (BugHandler handler = handler_) {
    handler(message);
  }
  std::fprintf(stderr, "twostep: %s\n", message);
  std::abort();
}

}  // namespace twostep
