// What rank 0 and its workers say to each other, and the binary form in which it travels
// (base/bytes.hpp). Decoders accept any bytes: what is not a message throws Error{internal}.
#pragma once

#include <span>
#include <string>
#include <variant>

#include "twostep/base/bytes.hpp"
#include "twostep/ports/trainer.hpp"
#include "twostep/study/assignment.hpp"
#include "twostep/study/result.hpp"

namespace twostep {

// From a worker.
struct Hello {};
struct Heartbeat {
  AssignmentId assignment;  // 0: idle
  Progress progress;
};
struct Done {
  Result result;
};
struct Unavailable {  // it can do nothing more in this run, and gives back what it holds
  ErrorKind error = ErrorKind::internal;
  Problem problem;
};
using FromWorker = std::variant<Hello, Heartbeat, Done, Unavailable>;

// To a worker.
struct Assign {
  Assignment assignment;
};
struct Cancel {
  AssignmentId assignment;
};
struct Alive {};  // rank 0 lives, though it has nothing to say
struct Shutdown {
  std::string reason;
};
using ToWorker = std::variant<Assign, Cancel, Alive, Shutdown>;

[[nodiscard]] Bytes encode(const FromWorker& message);
[[nodiscard]] Bytes encode(const ToWorker& message);
[[nodiscard]] FromWorker decode_from_worker(std::span<const std::byte> bytes);
[[nodiscard]] ToWorker decode_to_worker(std::span<const std::byte> bytes);

}  // namespace twostep
