// One line of diagnosis to whoever listens. The program sets the sink once at its start (stderr,
// with the rank in front); the default drops everything, so pure code can log without knowing where
// to.
#pragma once

#include <string_view>

namespace twostep {

enum class LogLevel { debug, info, warning, error };

using LogSink = void (*)(LogLevel level, std::string_view message);
void set_log_sink(LogSink sink) noexcept;
void log(LogLevel level, std::string_view message);

}  // namespace twostep
