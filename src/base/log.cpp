#include "twostep/base/log.hpp"

#include <atomic>

namespace twostep {
namespace {
std::atomic<LogSink> sink_{nullptr};
}

void set_log_sink(LogSink sink) noexcept {
  sink_ = sink;
}

void log(LogLevel level, std::string_view message) {
  if (LogSink sink = sink_) {
    sink(level, message);
  }
}

}  // namespace twostep
