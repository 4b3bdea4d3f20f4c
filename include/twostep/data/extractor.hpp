// The trainer of extract_subset and extract_full: a team reads its parts of the user's files, each
// member its own, and writes one pack together. What is written depends on the study and the data
// alone, never on the size of the team.
//   Subset: the rows at the first positions of each split's selection, in that order, so a larger
//   subset begins with the smaller one. Scaled by the statistics of its own training rows.
//   Full: all rows of each split in file order, scaled as the subset is.
#pragma once

#include <memory>

#include "twostep/data/data_plan.hpp"
#include "twostep/ports/clock.hpp"
#include "twostep/ports/group.hpp"
#include "twostep/ports/trainer.hpp"

namespace twostep {

class Extraction;

struct ExtractorContext {
  const StudySpec& spec;
  const DataPlan& plan;
  Shards& shards;
  Packs& packs;
  GroupMaker& groups;
  Clock& clock;
};

class Extractor : public Trainer {
 public:
  explicit Extractor(const ExtractorContext& context);
  ~Extractor() override;

  void start(const Assignment& assignment) override;
  [[nodiscard]] std::optional<Result> advance(Duration slice) override;
  [[nodiscard]] Progress progress() const override;
  // An extraction is not resumed but repeated: nothing of it is worth keeping.
  [[nodiscard]] Bytes save() const override { return {}; }
  void load(std::span<const std::byte>) override {}
  void stop() override { stop_ = true; }

 private:
  ExtractorContext context_;
  std::unique_ptr<Group> group_;
  std::unique_ptr<Extraction> extraction_;
  Time begun_{};
  bool stop_ = false;
};

}  // namespace twostep
