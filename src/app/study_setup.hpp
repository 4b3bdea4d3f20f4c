// From the path of a study file to everything that a rank needs to take part.
#pragma once

#include <string>

#include "adapters/hdf5/hdf5_shards.hpp"
#include "twostep/data/data_plan.hpp"
#include "twostep/study/spec.hpp"
#include "twostep/study/spec_reader.hpp"

namespace twostep {

struct StudySetup {
  std::string file;  // path and text of the study file, so that workers can name its lines too
  std::string text;
  StudySpec spec;
  Space space;
  ShardsDescription shards;
  DataPlan plan;
  std::string data_root;  // on this host, where relative paths of data files begin; not encoded

  [[nodiscard]] TableRequest table() const;  // what is wanted of the data files, on this host
  [[nodiscard]] Bytes encode() const;
  [[nodiscard]] static StudySetup decode(std::span<const std::byte> bytes);
};

// The study file alone, without its data. Error{config}.
[[nodiscard]] StudySpec load_spec(const std::string& file, StudyUse use = StudyUse::run);
// Networks and trainings as a random search would draw them, to say what a study costs.
[[nodiscard]] std::vector<Hyperparameters> sample_trainings(const StudySetup& setup,
                                                            std::uint32_t count);
// Reads the study file and the headers of its data files; throws Error with every mistake found.
[[nodiscard]] StudySetup load_study(const std::string& file, const std::string& data_root = "");

}  // namespace twostep
