// Study files as users write them: what is read, and what is said of mistakes.
#include <gtest/gtest.h>

#include "adapters/yaml/yaml_reader.hpp"
#include "twostep/base/error.hpp"
#include "twostep/study/fields.hpp"
#include "twostep/study/spec_json.hpp"
#include "twostep/study/spec_reader.hpp"

namespace twostep {
namespace {

const std::string good = R"(study: {name: s, seed: 7, directory: out}
data:
  files: [a.h5, b*.h5]
  inputs: [t, {name: q, transform: log10, offset: 1e-9}]
  targets: [y]
  split: {train: 0.6, validation: 0.2, test: 0.2}
model:
  layers: {int: [1, 3]}
  width: {int: [8, 64], log: true, per: layer}
  activation: {choice: [relu, tanh]}
training:
  optimizer: {choice: [adam, sgd]}
  momentum: {float: [0.5, 0.99], when: {optimizer: sgd}}
  learning_rate: {float: [1e-4, 1e-1], log: true}
  batch_size: {int: [32, 128], step: 32}
search: {trials: 20, subset: {rows: 500}, budget: {epochs: 30, patience: 5}}
promotion: {finalists: 3}
retraining: {budget: {steps: 1000, validate_every: 100}, team: 2}
)";

StudySpec read(const std::string& text) {
  return read_spec(read_yaml(text, "s.yaml"));
}

std::string replaced(const std::string& what, const std::string& by) {
  std::string text = good;
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), by);
}

std::vector<Problem> problems_of(const std::string& text) {
  try {
    static_cast<void>(make_space(read(text)));
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::config);
    return error.problems();
  }
  return {};
}

TEST(StudyFile, RowsAndLevelsAreReadAndWrittenBack) {
  StudySpec s = read(replaced("  inputs: [t, {name: q, transform: log10, offset: 1e-9}]", R"(
  rows: [time, ncol]
  inputs:
    - {name: t, levels: [0, 5, 10]}
    - {name: q, levels: {from: 2, to: 20, step: 3}, dimensions: [time, lev, ncol]}
    - {name: o3, levels: {lev: {from: 4}, band: 1}})"));
  EXPECT_EQ(s.data.rows, (std::vector<std::string>{"time", "ncol"}));
  EXPECT_EQ(s.data.inputs[0].levels[0].list, (std::vector<std::uint64_t>{0, 5, 10}));
  EXPECT_EQ(s.data.inputs[1].levels[0], (LevelSelection{"", {}, 2, 20, 3}));
  EXPECT_EQ(s.data.inputs[1].dimensions.size(), 3U);
  EXPECT_EQ(s.data.inputs[2].levels[0],
            (LevelSelection{"lev", {}, 4, LevelSelection::to_the_end, 1}));
  EXPECT_EQ(s.data.inputs[2].levels[1].list, (std::vector<std::uint64_t>{1}));
  EXPECT_EQ(read_spec(read_json(to_json(s))), s);
  EXPECT_EQ(variables_from_json(variables_to_json(s.data.inputs)), s.data.inputs);
  StudySpec other = s;
  other.data.inputs[0].levels[0].list = {0, 5};
  ASSERT_EQ(differences(s, other).size(), 1U);
  EXPECT_TRUE(differences(s, other)[0].forbids_resume);
  EXPECT_EQ(to_json(read(good)).find("rows\":["), std::string::npos);  // as before there were any
}

TEST(StudyFile, IsReadAsWritten) {
  const StudySpec s = read(good);
  EXPECT_EQ(s.name, "s");
  EXPECT_EQ(s.seed, 7U);
  EXPECT_EQ(s.data.files, (std::vector<std::string>{"a.h5", "b*.h5"}));
  EXPECT_EQ(s.data.inputs[1].transform, Transform::log10);
  EXPECT_EQ(s.data.inputs[1].offset, 1e-9);
  EXPECT_EQ(s.data.split.train, 0.6);
  EXPECT_EQ(s.search.budget, (Budget{BudgetUnit::epochs, 30, 5, 0}));
  EXPECT_EQ(s.retraining.budget, (Budget{BudgetUnit::steps, 1000, 0, 100}));
  EXPECT_EQ(s.retraining.team, 2U);
  const Space space = make_space(s);
  std::vector<std::string> names;
  for (const Dimension& d : space.dimensions) {
    names.push_back(d.name);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"model.layers", "model.width[1]", "model.width[2]",
                                             "model.width[3]", "model.activation",
                                             "training.optimizer", "training.learning_rate",
                                             "training.momentum", "training.batch_size"}));
}

TEST(StudyFile, ConditionsHold) {
  const StudySpec s = read(good);
  const Space space = make_space(s);
  for (int i = 0; i < 200; ++i) {
    std::vector<double> unit;
    for (std::size_t d = 0; d < space.dimensions.size(); ++d) {
      unit.push_back((i * 37 + static_cast<int>(d) * 61) % 200 / 200.0);
    }
    const Point p = space.point_at(unit);
    const Hyperparameters h = resolve(s, space, p);
    const auto layers = std::get<std::int64_t>(p.values[0]);
    EXPECT_EQ(h.model.widths.size(), static_cast<std::size_t>(layers));
    for (std::int64_t layer = 1; layer <= 3; ++layer) {
      EXPECT_EQ(is_active(p.values[static_cast<std::size_t>(layer)]), layer <= layers);
    }
    const bool sgd = std::get<std::string>(p.values[5]) == "sgd";
    EXPECT_EQ(is_active(p.values[7]), sgd);
    EXPECT_EQ(h.training.batch_size % 32, 0U);
    EXPECT_GE(h.training.batch_size, 32U);
    EXPECT_LE(h.training.batch_size, 128U);
  }
}

TEST(StudyFile, AFewDimensionsShapeManyLayers) {
  const std::string text =
      replaced("  width: {int: [8, 64], log: true, per: layer}\n",
               "  width: {int: [32, 512], log: true}\n"
               "  shape: {choice: [constant, pyramid, bottleneck]}\n"
               "  taper: {float: [0.1, 1], when: {shape: [pyramid, bottleneck]}}\n"
               "  dropout: {float: [0, 0.5], per: layer}\n  norm: {choice: [none, layer]}\n"
               "  residual: {choice: [true, false]}\n");
  const StudySpec s = read(std::string(text).replace(text.find("[1, 3]"), 6, "[20, 20]"));
  const Space space = make_space(s);
  std::vector<std::string> names;
  for (const Dimension& d : space.dimensions) {
    names.push_back(d.name);
  }
  const auto has = [&](const std::string& name) {
    return std::count(names.begin(), names.end(), name) == 1;
  };
  EXPECT_TRUE(has("model.width") && has("model.shape") && has("model.taper"));
  EXPECT_TRUE(has("model.dropout[1]") && has("model.dropout[20]"));
  const Hyperparameters h =
      resolve(s, space, space.point_at(std::vector<double>(names.size(), 0.99)));
  EXPECT_EQ(h.model.widths.size(), 20U);
  EXPECT_EQ(h.model.dropout.size(), 20U);
  EXPECT_EQ(h.model.norm, Norm::layer);
}

TEST(StudyFile, WidthsFollowTheirRule) {
  using Widths = std::vector<std::uint32_t>;
  EXPECT_EQ(ruled_widths(WidthRule::constant, 3, 40, 0.25), (Widths{40, 40, 40}));
  EXPECT_EQ(ruled_widths(WidthRule::pyramid, 3, 64, 0.25), (Widths{64, 32, 16}));
  EXPECT_EQ(ruled_widths(WidthRule::bottleneck, 5, 64, 0.25), (Widths{64, 32, 16, 32, 64}));
  EXPECT_EQ(ruled_widths(WidthRule::bottleneck, 4, 64, 0.125), (Widths{64, 16, 16, 64}));
  EXPECT_EQ(ruled_widths(WidthRule::pyramid, 1, 64, 0.25), (Widths{64}));
  EXPECT_EQ(ruled_widths(WidthRule::pyramid, 2, 8, 0.001), (Widths{8, 1}));
  EXPECT_EQ(ruled_widths(WidthRule::pyramid, 2, 60000, 10), (Widths{60000, 65536}));
  EXPECT_EQ(ruled_widths(WidthRule::pyramid, 0, 8, 0.5), Widths{});
}

TEST(StudyFile, BatchNormIsNotReproducibleOverTeams) {
  const std::string text = replaced("\nmodel:", "\nmodel:\n  norm: batch");
  EXPECT_TRUE(problems_of(text).empty());
  const std::string at = "retraining: {";
  const auto problems =
      problems_of(std::string(text).replace(text.find(at), at.size(), at + "reproducible: true, "));
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_NE(problems[0].what.find("retraining.reproducible"), std::string::npos);
}

TEST(StudyFile, SoftmaxNeedsMoreThanOneTargetColumn) {
  const StudySpec s = read(replaced("split: {train: 0.6, validation: 0.2, test: 0.2}\nmodel:",
                                    "normalise: {targets: none}\nmodel:\n"
                                    "  output_activation: softmax"));
  EXPECT_NO_THROW(check_target_columns(s, 2));
  try {
    check_target_columns(s, 1);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::config);
    EXPECT_EQ(error.problems().front().where, "s.yaml:8");
  }
}

// What an algorithm cannot serve is refused with the line to blame and what to use instead.
TEST(StudyFile, RefusesWhatAnAlgorithmCannotServe) {
  const auto refusals_of = [](const std::string& options) {
    return problems_of(replaced("search: {", "search: {" + options + ", "));
  };
  const auto grid = refusals_of("algorithm: grid");
  ASSERT_EQ(grid.size(), 2U);  // momentum, learning_rate
  EXPECT_EQ(grid[0].where, "s.yaml:14");
  EXPECT_NE(grid[0].hint.find("step"), std::string::npos);
  const auto nsga2 = refusals_of("algorithm: nsga2");
  ASSERT_EQ(nsga2.size(), 1U);
  EXPECT_EQ(nsga2[0].where, "s.yaml:16");
  EXPECT_NE(nsga2[0].hint.find("second_objective"), std::string::npos);
  EXPECT_EQ(refusals_of("algorithm: tpe, second_objective: parameters").size(), 1U);
  EXPECT_TRUE(refusals_of("algorithm: nsga2, second_objective: parameters").empty());
  EXPECT_TRUE(refusals_of("algorithm: cma_es").empty());
  const std::string categories = R"(study: {name: s, directory: out}
data: {files: [a.h5], inputs: [t], targets: [y]}
training: {optimizer: {choice: [adam, sgd]}}
search: {algorithm: cma_es, trials: 2, subset: {rows: 500}, budget: {epochs: 3}}
promotion: {finalists: 1}
retraining: {budget: {epochs: 3}}
)";
  const auto cma_es = problems_of(categories);
  ASSERT_EQ(cma_es.size(), 1U);
  EXPECT_EQ(cma_es[0].where, "s.yaml:4");
  EXPECT_NE(cma_es[0].hint.find("tpe"), std::string::npos);
}

TEST(StudyFile, GoesThroughJsonUnchanged) {
  for (const std::string& text :
       {good, annotated_yaml(),
        replaced("activation:",
                 "dropout: {float: [0, 0.5], per: layer}\n  residual: true\n  activation:"),
        replaced("split: {train: 0.6, validation: 0.2, test: 0.2}", "split: {blocks: {rows: 384}}"),
        replaced("files: [a.h5, b*.h5]", "files: {train: [a], validation: [b], test: [c]}"),
        replaced("  split: {train: 0.6, validation: 0.2, test: 0.2}\n",
                 "  split: {variable: v}\n")}) {
    const bool by_files = text.find("files: {train") != std::string::npos;
    const StudySpec s =
        by_files ? read(std::string(text).replace(text.find("  split:"),
                                                  text.find("model:") - text.find("  split:"), ""))
                 : read(text);
    EXPECT_EQ(read_spec(read_json(to_json(s))), s);
    EXPECT_EQ(to_json(read_spec(read_json(to_json(s)))), to_json(s));
  }
}

struct Mistake {
  std::string what;
  std::string by;
  int line;
  std::string text;  // in the message
};

TEST(StudyFile, EveryMistakeHasItsLineAndAHint) {
  const std::vector<Mistake> mistakes{
      {"trials: 20", "trails: 20", 16, "did you mean 'trials'?"},
      {"trials: 20", "trials: 20.5", 16, "whole number"},
      {"trials: 20", "trials: 0", 16, "out of range"},
      {"trials: 20", "trials: [20]", 16, "trials"},
      {"seed: 7", "seed: -1", 1, "seed"},
      {"[relu, tanh]", "[relu, tahn]", 10, "did you mean"},
      {"[relu, tanh]", "[relu, relu]", 10, "twice"},
      {"[1, 3]", "[3, 1]", 8, "low is above high"},
      {"[1, 3]", "[1]", 8, "two numbers"},
      {"{int: [1, 3]}", "{int: [1, 3], float: [1, 2]}", 8, "more than one kind"},
      {"{int: [1, 3]}", "{ints: [1, 3]}", 8, "did you mean 'int'?"},
      {"log10", "log20", 4, "no such transform"},
      {"targets: [y]", "targets: []", 5, "no variables"},
      {"targets: [y]", "targets: [y, y]", 5, "twice"},
      {"train: 0.6", "train: 0.9", 6, "1.3"},
      {"when: {optimizer: sgd}", "when: {optimizer: adagrad}", 13, "adagrad"},
      {"when: {optimizer: sgd}", "when: {optimiser: sgd}", 13, "optimiser"},
      {"step: 32", "step: 500", 15, "step"},
      {"per: layer", "per: neuron", 9, "per"},
      {"finalists: 3", "finalists: 300", 17, "finalists"},
      {"{epochs: 30, patience: 5}", "{epochs: 30, steps: 9}", 16, "steps"},
      {"{epochs: 30, patience: 5}", "{patience: 5}", 16, "budget"},
      {"subset: {rows: 500}", "subset: {rows: 500, fraction: 0.1}", 16, "fraction"},
      {"search: {trials: 20,",
       "  quantile: {float: [0.1, 0.9]}\nsearch: {objective: quantile, trials: 20,", 17,
       "training.quantile a range"},
      {"targets: [y]", "targets: [{name: y, weight: -1}]", 5, "weight: out of range"},
      {"targets: [y]", "targets: [{name: y, weight: [0, 0]}]", 5, "nothing above 0"},
      {"targets: [y]", "targets: [y]\n  weights: y", 6, "also a target"},
      {"targets: [y]", "targets: [y]\n  classes: 3", 6, "data.classes without a class target"},
      {"search: {trials: 20,", "search: {objective: accuracy, trials: 20,", 16, "of a regression"},
      {"search: {trials: 20,",
       "  loss: {choice: [mse, binary_cross_entropy]}\nsearch: {trials: 20,", 16,
       "binary_cross_entropy"},
      {"search: {trials: 20,",
       "  loss: binary_cross_entropy\nsearch: {objective: huber, trials: 20,", 17,
       "binary_cross_entropy, "},
      {"model:", "modle:", 7, "did you mean 'model'?"},
      {"activation:", "shape: pyramid\n  activation:", 10, "width for each layer"},
      {"activation:", "output_activation: softmax\n  activation:", 10, "softmax with scaled"},
      {"activation: {choice: [relu, tanh]}", "activation: softmax", 10, "softmax"},
      {"activation:", "dropout: 1\n  activation:", 10, "out of range"},
      {"{int: [8, 64], log: true, per: layer}", "[8, 4]\n  residual: true", 10, "equal width"},
      {"{int: [8, 64], log: true, per: layer}", "[8, 1]\n  norm: layer", 10, "one unit"},
      {"activation: {choice: [relu, tanh]}\ntraining:", "norm: batch\ntraining:\n  batch_size: 1",
       10, "one row"},
  };
  for (const Mistake& m : mistakes) {
    const auto problems = problems_of(replaced(m.what, m.by));
    ASSERT_FALSE(problems.empty()) << m.by;
    bool found = false;
    std::string all;
    for (const Problem& p : problems) {
      all += p.text() + "\n";
      found = found || (p.where == "s.yaml:" + std::to_string(m.line) &&
                        p.text().find(m.text) != std::string::npos);
    }
    EXPECT_TRUE(found) << m.by << ": expected line " << m.line << " and \"" << m.text << "\" in\n"
                       << all;
  }
}

// The options of early stopping and the budget; 20 trials on 500 rows in batches of 32 to 128.
TEST(StudyFile, RefusesEarlyStoppingThatMakesNoSense) {
  struct Case {
    std::string options;
    std::string budget;
    std::string said;  // empty: nothing
  };
  const std::vector<Case> cases{
      {"rule: asha", "epochs: 30", ""},
      {"rule: asha, reduction_factor: 1", "epochs: 30", "out of range"},
      {"rule: asha", "epochs: 1", "single rung"},
      {"rule: asha, minimum: 30", "epochs: 30", "not below the whole: 30 of 30 epochs"},
      {"rule: hyperband, reduction_factor: 50", "epochs: 30",
       "too few for a reduction factor of 50"},
      {"rule: hyperband, brackets: 5", "epochs: 30", "more than there are rungs"},
      {"rule: hyperband, brackets: 4", "epochs: 30", ""},
      {"rule: one_epoch", "epochs: 1", "nothing to stop before"},
      {"rule: median", "epochs: 1", "nothing to stop before"},
      {"rule: one_epoch, top_k: 21", "epochs: 30", "larger than search.trials"},
      {"rule: one_epoch, top_k: 20", "epochs: 30", "no trial would ever be stopped"},
      {"rule: one_epoch, top_k: 19", "epochs: 30", ""},
      {"rule: asha_promotion, reduction_factor: 21", "epochs: 30", "beyond the first rung"},
      {"rule: pasha, reduction_factor: 21", "epochs: 30", "beyond the first rung"},
      {"rule: asha, reduction_factor: 21", "epochs: 30", ""},
      {"rule: median, startup_trials: 20", "epochs: 30", "no trial would ever be stopped"},
      {"rule: percentile, startup_trials: 19", "epochs: 30", ""},
      {"rule: asha, fidelity: rows", "steps: 100", "with a budget in steps"},
      {"rule: asha, fidelity: rows", "epochs: 30", "smaller than a batch"},  // 500 / 27
      {"rule: asha, fidelity: rows, minimum: 127", "epochs: 30", "smaller than a batch"},
      {"rule: asha, fidelity: rows, minimum: 128", "epochs: 30", ""},
      {"rule: asha, fidelity: rows, minimum: 500", "epochs: 30", "500 of 500 rows"},
      {"rule: asha, minimum: 3", "steps: 100", "before the first validation"},  // 4 steps an epoch
      {"rule: asha, minimum: 4", "steps: 100", ""},
      {"rule: asha, minimum: 9", "steps: 100, validate_every: 10", "before the first validation"},
      {"rule: asha, minimum: 2", "steps: 100, validate_every: 2", ""},
      {"rule: median, minimum: 20, interval: 5", "steps: 100, validate_every: 10",
       "several rungs at one validation"},
      {"rule: asha", "epochs: {int: [3, 9]}", "search.budget.epochs"},
  };
  for (const Case& each : cases) {
    const auto problems =
        problems_of(replaced("search: {trials: 20, subset: {rows: 500}, budget: {epochs: 30, "
                             "patience: 5}}",
                             "search:\n  trials: 20\n  subset: {rows: 500}\n  early_stopping: {" +
                                 each.options + "}\n  budget: {" + each.budget + "}"));
    if (each.said.empty()) {
      EXPECT_TRUE(problems.empty()) << each.options << ": " << problems.front().text();
      continue;
    }
    ASSERT_EQ(problems.size(), 1U) << each.options << ", " << each.budget;
    EXPECT_NE(problems[0].text().find(each.said), std::string::npos) << problems[0].text();
    const bool of_budget = each.said == "search.budget.epochs";
    EXPECT_EQ(problems[0].where, of_budget ? "s.yaml:20" : "s.yaml:19") << problems[0].text();
  }
}

TEST(StudyFile, ACrossEntropySaysWhatTheTargetsAre) {
  const auto with = [](const std::string& more, const std::string& data = "") {
    std::string text = replaced("search: {", "  " + more + "\nsearch: {");
    return data.empty() ? text : text.insert(text.find("  split:"), "  " + data + "\n");
  };
  const StudySpec binary = read(with("loss: binary_cross_entropy"));
  EXPECT_EQ(binary.task(), Task::binary);
  EXPECT_EQ(binary.search.objective, Metric::binary_cross_entropy);
  EXPECT_EQ(binary.data.normalise_targets, Normalisation::none);
  EXPECT_EQ(read_spec(read_json(to_json(binary))), binary);
  const StudySpec classes = read(with("loss: categorical_cross_entropy", "classes: 4"));
  EXPECT_EQ(classes.search.objective, Metric::categorical_cross_entropy);
  EXPECT_EQ(classes.data.classes, 4U);
  EXPECT_EQ(read_spec(read_json(to_json(classes))), classes);
  const std::vector<Mistake> mistakes{
      {"loss: binary_cross_entropy", "normalise: {targets: standard}", 6, "normalise.targets with"},
      {"loss: categorical_cross_entropy", "classes: 1", 6, "from 2"},
      {"loss: binary_cross_entropy", "classes: 3", 6, "without a class target"},
  };
  for (const Mistake& m : mistakes) {
    const auto problems = problems_of(with(m.what, m.by));
    ASSERT_EQ(problems.size(), 1U) << m.by;
    EXPECT_EQ(problems[0].where, "s.yaml:" + std::to_string(m.line)) << m.by;
    EXPECT_NE(problems[0].text().find(m.text), std::string::npos) << problems[0].text();
  }
  std::string text = with("loss: categorical_cross_entropy");
  text.replace(text.find("targets: [y]"), 12, "targets: [y, z]");
  text.replace(text.find("  activation:"), 2, "  output_activation: sigmoid\n  ");
  const auto problems = problems_of(text);
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_NE(problems[0].text().find("applies the softmax itself"), std::string::npos);
  EXPECT_NE(problems[1].text().find("one class target"), std::string::npos);
}

TEST(StudyFile, TargetsHaveWeights) {
  const StudySpec s = read(replaced("targets: [y]", "targets: [{name: y, weight: [1, 2.5]}, z]"));
  EXPECT_EQ(s.data.targets[0].weight, (std::vector<double>{1, 2.5}));
  EXPECT_TRUE(s.data.targets[1].weight.empty());
  EXPECT_EQ(read_spec(read_json(to_json(s))), s);
  EXPECT_EQ(differences(read(good), read(replaced("[y]", "[{name: y, weight: 3}]"))).size(), 1U);
}

TEST(StudyFile, AllMistakesAreListedAtOnce) {
  std::string text = replaced("trials: 20", "trails: 20");
  text.replace(text.find("[1, 3]"), 6, "[3, 1]");
  text.replace(text.find("targets: [y]"), 12, "targets: [] ");
  EXPECT_GE(problems_of(text).size(), 3U);
}

TEST(StudyFile, SyntaxErrorsHaveTheirLine) {
  for (const std::string& text :
       {std::string("a: [1\nb: 2"), std::string("a: b: c"), std::string("\t- x")}) {
    try {
      static_cast<void>(read_yaml(text, "s.yaml"));
      FAIL() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::config);
      EXPECT_EQ(error.problems()[0].where.substr(0, 7), "s.yaml:");
    }
  }
}

TEST(StudyFile, AliasBombsAreRefused) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int j = 0; j < 8; ++j) {
      bomb += ", " + before;
    }
    bomb += "]\n";
  }
  EXPECT_THROW(static_cast<void>(read_yaml(bomb, "s.yaml")), Error);
}

// yaml-cpp would find empty documents in this for ever.
TEST(StudyFile, TextBehindTheDocumentIsAnErrorWithItsLine) {
  for (const char* text : {"a: 1\nb: {c: 2\n}, d\ne: 3\n", "a: 1\n---\nb: 2\n", "a: {b: 1}\n]\n"}) {
    try {
      static_cast<void>(read_yaml(text, "s.yaml"));
      FAIL() << text;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("s.yaml:"), std::string::npos) << error.what();
    }
  }
}

TEST(Differences, SayWhatForbidsResuming) {
  const StudySpec before = read(good);
  const auto forbids = [&](const std::string& text) {
    bool any = false;
    for (const SpecDifference& d : differences(before, read(text))) {
      any = any || d.forbids_resume;
    }
    return any;
  };
  EXPECT_TRUE(differences(before, read(good)).empty());
  EXPECT_TRUE(forbids(replaced("seed: 7", "seed: 8")));
  EXPECT_TRUE(forbids(replaced("[8, 64]", "[8, 65]")));
  EXPECT_TRUE(forbids(replaced("rows: 500", "rows: 501")));
  EXPECT_FALSE(forbids(replaced("trials: 20", "trials: 25")));
  EXPECT_FALSE(forbids(replaced("team: 2", "team: 1")));
  EXPECT_FALSE(forbids(replaced("name: s", "name: t")));
}

// A study begun when 1/27 was rounded down goes on where its first rung is said.
TEST(Differences, AnAutomaticFirstRungOfOldIsNamed) {
  const auto with = [](const std::string& first) {
    std::string text =
        replaced("budget: {epochs: 30, patience: 5}",
                 "early_stopping: {rule: asha, fidelity: rows" + first + "}, budget: {epochs: 30}");
    const std::string batch = "batch_size: {int: [32, 128], step: 32}";
    return read(text.replace(text.find(batch), batch.size(), "batch_size: 16"));
  };
  StudySpec before = with("");
  EXPECT_EQ(before.search.early_stopping.minimum, 19U);  // 500 / 27, rounded up
  before.search.early_stopping.minimum = 0;
  EXPECT_EQ(read_spec(read_json(to_json(before))), before);
  const auto found = differences(before, with(""));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].forbids_resume);
  EXPECT_TRUE(found[0].text.ends_with(": \"auto\" -> 19 (the first rung was 18: say so to go on)"));
  EXPECT_TRUE(differences(before, with(", minimum: 18")).empty());
}

TEST(Schema, NamesEveryField) {
  const std::string text = schema_text();
  const std::string page = config_markdown();
  for (const Field& field : fields()) {
    EXPECT_NE(page.find("`" + field.path + "`"), std::string::npos) << field.path;
    EXPECT_NE(text.find(field.path.substr(field.path.find('.') + 1)), std::string::npos);
  }
  std::size_t longest = 0;
  for (std::size_t from = 0, to = 0; to != std::string::npos; from = to + 1) {
    to = text.find('\n', from);
    longest = std::max(longest, (to == std::string::npos ? text.size() : to) - from);
  }
  EXPECT_LE(longest, 100U);
}

}  // namespace
}  // namespace twostep
