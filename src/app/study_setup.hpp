// From the path of a study file to everything that a rank needs to take part.
#pragma once

#include <string>

#include "adapters/hdf5/hdf5_shards.hpp"
#include "twostep/data/data_plan.hpp"
#include "twostep/study/spec.hpp"

namespace twostep {

struct StudySetup {
  std::string file;  // path and text of the study file, so that workers can name its lines too
  std::string text;
  StudySpec spec;
  Space space;
  ShardsDescription shards;
  DataPlan plan;

  [[nodiscard]] Bytes encode() const;
  [[nodiscard]] static StudySetup decode(std::span<const std::byte> bytes);
};

// Reads the study file and the headers of its data files; throws Error with every mistake found.
[[nodiscard]] StudySetup load_study(const std::string& file);

}  // namespace twostep
