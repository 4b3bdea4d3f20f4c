// Contracts that are always on. A violated contract is a bug of twostep, never a user's mistake:
// the process says where and why on stderr and ends. The program installs a handler that calls
// MPI_Abort, so that no rank is left waiting; without one the process aborts.
#pragma once

namespace twostep {

// Called with a ready-made message; must not return.
using BugHandler = void (*)(const char* message);
void set_bug_handler(BugHandler handler) noexcept;
[[noreturn]] void report_bug(const char* kind, const char* condition, const char* file,
                             int line) noexcept;

}  // namespace twostep

// Precondition of the caller, postcondition of the callee, invariant in between.
#define TWOSTEP_REQUIRE(condition) \
  ((condition) ? void() : ::twostep::report_bug("precondition", #condition, __FILE__, __LINE__))
#define TWOSTEP_ENSURE(condition) \
  ((condition) ? void() : ::twostep::report_bug("postcondition", #condition, __FILE__, __LINE__))
#define TWOSTEP_CHECK(condition) \
  ((condition) ? void() : ::twostep::report_bug("invariant", #condition, __FILE__, __LINE__))
