#include "twostep/control/message.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "twostep/base/error.hpp"
#include "twostep/base/rng.hpp"

namespace twostep {
namespace {

Assignment some_assignment() {
  Assignment a;
  a.id = AssignmentId(1ULL << 40);
  a.run = RunId(3);
  a.attempt = 2;
  a.kind = AssignmentKind::retrain;
  a.trial = TrialId(17);
  a.point.values = {Value{}, Value(false), Value(std::int64_t{5}), Value(-0.0),
                    Value(std::string("tanh"))};
  a.budget = {BudgetUnit::steps, 1000, 3, 50};
  a.team = {WorkerId(4), WorkerId(2)};
  return a;
}

TEST(Message, ReadsBackTheSame) {
  const Bytes bytes = encode(ToWorker{Assign{some_assignment()}});
  const ToWorker back = decode_to_worker(bytes);
  EXPECT_EQ(std::get<Assign>(back).assignment, some_assignment());
  Result r;
  r.trial = TrialId(3);
  r.curve = {1, 2, 3};
  r.message = "m";
  r.test.targets = {{"t", 1, 2, 3, 4, 5, 6, 7, 8}};
  r.test.overall = {"", 8, 7, NAN, 5, 4, 3, 2, 1};
  const Bytes done = encode(FromWorker{Done{r}});
  EXPECT_EQ(encode(decode_from_worker(done)), done);
  const auto unavailable = std::get<Unavailable>(decode_from_worker(
      encode(FromWorker{Unavailable{ErrorKind::io, {"a.yaml:3", "what", "why", "hint"}}})));
  EXPECT_EQ(unavailable.error, ErrorKind::io);
  EXPECT_EQ(unavailable.problem.text(), "a.yaml:3: what\n  why: why\n  hint: hint");
}

// What a broken or foreign process sends must not bring rank 0 down.
TEST(Message, AnyBytesAreDecodedOrRefused) {
  const std::vector<Bytes> seeds{
      encode(ToWorker{Assign{some_assignment()}}), encode(FromWorker{Done{Result{}}}),
      encode(FromWorker{Heartbeat{AssignmentId(1), {1, 2, 3}}}), encode(ToWorker{Shutdown{"bye"}}),
      encode(FromWorker{Unavailable{ErrorKind::io, {"a", "b", "c", "d"}}})};
  const Rng rng(1, Purpose::noise);
  int refused = 0;
  for (std::uint64_t i = 0; i < 20000; ++i) {
    Bytes bytes = seeds[i % seeds.size()];
    const std::uint64_t changes = 1 + rng.below(4, i, 0);
    for (std::uint32_t c = 0; c < changes; ++c) {
      bytes[rng.below(bytes.size(), i, 10 + c)] = std::byte(rng.below(256, i, 20 + c));
    }
    bytes.resize(rng.below(bytes.size() + 1, i, 5));
    for (const bool to : {true, false}) {
      try {
        if (to) {
          static_cast<void>(decode_to_worker(bytes));
        } else {
          static_cast<void>(decode_from_worker(bytes));
        }
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::internal);
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 20000);
}

}  // namespace
}  // namespace twostep
