// The contract of the packs port for a single writer; teams are tested under MPI and in threads.
#pragma once

#include <gtest/gtest.h>

#include <limits>

#include "twostep/ports/pack.hpp"
#include "twostep/ports/solo_group.hpp"

namespace twostep::test {

inline PackHeader sample_header(std::size_t inputs = 3) {
  PackHeader h;
  for (std::size_t i = 0; i < inputs; ++i) {
    h.input_names.push_back("in[" + std::to_string(i) + "]");
    h.inputs.offset.push_back(0.1 * static_cast<double>(i));
    h.inputs.scale.push_back(1.0 / 3);
  }
  h.target_names = {"out"};
  h.targets = {{1e-300}, {1e300}};
  h.rows = {10, 4, 0};
  h.digest = "abc";
  h.dropped_rows = 2;
  return h;
}

inline void check_packs_contract(Packs& packs) {
  SoloGroup group;
  EXPECT_EQ(packs.open("p", "abc"), nullptr);
  const PackHeader header = sample_header();
  std::vector<float> inputs(30);
  std::vector<float> targets(10);
  for (std::size_t i = 0; i < 30; ++i) {
    inputs[i] = static_cast<float>(i) * 1.1F;
  }
  for (std::size_t i = 0; i < 10; ++i) {
    targets[i] = -static_cast<float>(i);
  }
  {
    const auto writer = packs.create("p", header, group);
    writer->write_range(Split::train, 0, std::span(inputs).first(12), std::span(targets).first(4));
    EXPECT_EQ(packs.open("p", "abc"), nullptr) << "a pack that is not finished must not exist";
    writer->write_range(Split::train, 4, std::span(inputs).subspan(12),
                        std::span(targets).subspan(4));
    writer->write_range(Split::validation, 0, std::span(inputs).first(12),
                        std::span(targets).first(4));
    writer->finish();
  }
  EXPECT_EQ(packs.open("p", "other"), nullptr);
  const auto pack = packs.open("p", "abc");
  ASSERT_NE(pack, nullptr);
  EXPECT_EQ(pack->header(), header);
  const auto x = pack->inputs(Split::train);
  const auto y = pack->targets(Split::train);
  EXPECT_EQ(std::vector<float>(x.begin(), x.end()), inputs);
  EXPECT_EQ(std::vector<float>(y.begin(), y.end()), targets);
  EXPECT_EQ(pack->inputs(Split::validation).size(), 12U);
  EXPECT_TRUE(pack->inputs(Split::test).empty());
  // Abandoned writing leaves the old pack alone.
  static_cast<void>(packs.create("p", header, group));
  EXPECT_NE(packs.open("p", "abc"), nullptr);
  // And a new one replaces it, while views of the old one stay valid.
  PackHeader other = header;
  other.digest = "new";
  const auto writer = packs.create("p", other, group);
  writer->write_range(Split::train, 0, std::vector<float>(30, 7.0F), targets);
  writer->write_range(Split::validation, 0, std::span(inputs).first(12),
                      std::span(targets).first(4));
  writer->finish();
  EXPECT_EQ(packs.open("p", "abc"), nullptr);
  EXPECT_EQ(packs.open("p", "new")->inputs(Split::train)[29], 7.0F);
  EXPECT_EQ(x[29], inputs[29]);
  EXPECT_TRUE(packs.open("p", "new")->weights(Split::train).empty());
  // Weights of rows, where the header names them.
  other.weights = "area";
  other.weight_scale = 2.5;
  other.digest = "weighted";
  const auto weighted = packs.create("w", other, group);
  weighted->write_range(Split::train, 0, inputs, targets, targets);
  weighted->write_range(Split::validation, 0, std::span(inputs).first(12),
                        std::span(targets).first(4), std::span(targets).first(4));
  weighted->finish();
  const auto heavy = packs.open("w", "weighted");
  ASSERT_NE(heavy, nullptr);
  EXPECT_EQ(heavy->header(), other);
  const auto w = heavy->weights(Split::train);
  EXPECT_EQ(std::vector<float>(w.begin(), w.end()), targets);
  EXPECT_EQ(heavy->weights(Split::validation).size(), 4U);
}

}  // namespace twostep::test
