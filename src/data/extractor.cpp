#include "twostep/data/extractor.hpp"

#include <array>

#include "data/extraction.hpp"
#include "twostep/base/check.hpp"

namespace twostep {

Extractor::Extractor(const ExtractorContext& context) : context_(context) {}

Extractor::~Extractor() = default;

void Extractor::start(const Assignment& assignment) {
  TWOSTEP_REQUIRE(assignment.kind == AssignmentKind::extract_subset ||
                  assignment.kind == AssignmentKind::extract_full);
  stop_ = false;
  begun_ = context_.clock.now();
  std::vector<int> ranks;
  for (const WorkerId id : assignment.team) {
    ranks.push_back(static_cast<int>(id.value));
  }
  extraction_.reset();
  group_ = context_.groups.make(ranks, static_cast<int>(assignment.id.value % 32768));
  extraction_ = assignment.kind == AssignmentKind::extract_subset
                    ? extract_subset(context_, *group_)
                    : extract_full(context_, *group_);
}

std::optional<Result> Extractor::advance(Duration) {
  TWOSTEP_REQUIRE(extraction_ != nullptr);
  Result result;
  std::array<std::byte, 1> stop{std::byte(stop_ ? 1 : 0)};
  group_->broadcast(stop, 0);
  try {
    if (stop[0] != std::byte{0}) {
      result.outcome = Outcome::interrupted;
      result.message = "stopped";
    } else if (!extraction_->advance()) {
      return std::nullopt;
    }
    extraction_->describe(result);
  } catch (...) {
    extraction_.reset();
    group_.reset();
    throw;
  }
  extraction_.reset();
  group_.reset();
  result.seconds = seconds(context_.clock.now() - begun_);
  return result;
}

Progress Extractor::progress() const {
  return {};
}

}  // namespace twostep
