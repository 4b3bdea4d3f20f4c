// A small data set in memory, and studies of it.
#pragma once

#include <cmath>
#include <string>

#include "twostep/base/rng.hpp"
#include "twostep/data/data_plan.hpp"
#include "twostep/sim/mem_shards.hpp"
#include "twostep/study/spec_json.hpp"
#include "twostep/study/spec_reader.hpp"

namespace twostep::test {

struct SampleOptions {
  std::string split = R"({"train": 0.7, "validation": 0.15, "test": 0.15})";
  std::string extra_data;  // further members of `data`
  std::string subset = R"({"rows": 100, "validation_rows": 50})";
  std::string model = R"("layers": 1, "width": 8, "activation": "tanh")";
  std::string training = R"("batch_size": 32, "learning_rate": 0.01)";
  std::string retraining = R"("budget": {"epochs": 3})";
  std::string targets = R"(["y"])";
};

inline StudySpec sample_spec(const SampleOptions& o = {}) {
  return read_spec(read_json(R"({"study": {"name": "sample", "seed": 3, "directory": "d"},
    "data": {"files": ["f"], "inputs": ["a", {"name": "b", "transform": "log10"}], "targets": )" +
                             o.targets + R"(, "split": )" + o.split + o.extra_data +
                             R"(}, "model": {)" + o.model + R"(}, "training": {)" + o.training +
                             R"(}, "search": {"trials": 4, "subset": )" + o.subset +
                             R"(, "budget": {"epochs": 5}}, "promotion": {"finalists": 2},
    "retraining": {)" + o.retraining +
                             "}}"));
}

// Three shards of 400, 0 and 317 rows: a [N], b [N, 2] (positive), y [N], split [N].
inline MemShards sample_shards(std::uint64_t chunk_rows = 0) {
  const Rng rng(8, Purpose::noise);
  std::vector<ShardInfo> shards{
      {"s0.h5", 400, chunk_rows}, {"s1.h5", 0, chunk_rows}, {"s2.h5", 317, chunk_rows}};
  std::vector<std::vector<std::vector<double>>> values;
  std::uint64_t row = 0;
  for (const ShardInfo& shard : shards) {
    std::vector<std::vector<double>> v(4);
    for (std::uint64_t i = 0; i < shard.rows; ++i, ++row) {
      const double a = rng.normal(row, 0);
      const double b0 = std::pow(10, rng.uniform(row, 1));
      const double b1 = std::pow(10, -rng.uniform(row, 2));
      v[0].push_back(a);
      v[1].push_back(b0);
      v[1].push_back(b1);
      v[2].push_back(3 + std::sin(a) + 0.5 * std::log10(b0) - std::log10(b1));
      v[3].push_back(row % 10 < 7 ? 0 : row % 10 == 7 ? 1 : 2);
    }
    values.push_back(std::move(v));
  }
  return {{{"a", 1, "float32", 4},
           {"b", 2, "float32", 4},
           {"y", 1, "float32", 4},
           {"split", 1, "int8", 1}},
          std::move(shards),
          std::move(values)};
}

}  // namespace twostep::test
