#include "twostep/data/data_plan.hpp"

#include <algorithm>
#include <cstdio>

#include "data/class_targets.hpp"
#include "twostep/base/error.hpp"
#include "twostep/data/row_split.hpp"
#include "twostep/data/transform.hpp"

namespace twostep {
namespace {

std::vector<std::string> column_names(const VariableInfo& info) {
  if (info.columns == 1 && info.labels.empty()) {
    return {info.name};
  }
  std::vector<std::string> out;
  for (std::uint64_t i = 0; i < info.columns; ++i) {
    out.push_back(info.name + "[" + (info.labels.empty() ? std::to_string(i) : info.labels[i]) +
                  "]");
  }
  return out;
}

std::string base_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

// 64 bits of hexadecimal digest of a text.
std::string digest_of(const std::string& text) {
  char out[24];
  std::snprintf(out, sizeof out, "%08x%08x", crc32c(text), crc32c(text + "twostep"));
  return out;
}

std::string describe_data(const Shards& shards) {
  std::string text;
  for (const VariableInfo& v : shards.variables()) {
    text += v.name + ":" + std::to_string(v.columns) + ":" + v.type + ";";
    for (const std::string& label : v.labels) {
      text += label + ";";
    }
  }
  for (const ShardInfo& s : shards.shards()) {
    text += base_name(s.path) + ":" + std::to_string(s.rows) + ";";
    for (const RowDimension& d : s.dimensions) {
      text += d.name + "=" + std::to_string(d.size) + ";";
    }
  }
  return text;
}

std::string describe_variables(const std::vector<VariableSpec>& variables) {
  std::string text;
  for (const VariableSpec& v : variables) {
    text += v.name + ":" + name(v.transform) + ":" + to_text(Value(v.offset)) + ";";
    for (const std::string& dimension : v.dimensions) {
      text += dimension + ";";
    }
  }
  return text;
}

std::string describe_extraction(const StudySpec& spec, const DataPlan& plan) {
  const SplitSpec& s = spec.data.split;
  std::string text = plan.data_digest + "|" + describe_variables(spec.data.inputs) + "|" +
                     describe_variables(spec.data.targets) + "|" + std::to_string(spec.seed);
  text += "|" + std::to_string(static_cast<int>(s.kind)) + s.variable + ":" +
          std::to_string(s.block_rows);
  for (const std::uint64_t n : plan.split_rows) {
    text += ":" + std::to_string(n);
  }
  text += "|" + std::to_string(static_cast<int>(spec.data.normalise_inputs)) +
          std::to_string(static_cast<int>(spec.data.normalise_targets)) +
          std::to_string(static_cast<int>(spec.data.missing));
  text += "|" + std::to_string(plan.subset_rows) + ":" +
          std::to_string(plan.subset_validation_rows) + ":" +
          std::to_string(static_cast<int>(spec.search.subset.sampling)) + ":" +
          std::to_string(spec.search.subset.block_rows);
  // Only where there are such, so that packs of older versions are known again.
  text += spec.data.weights.empty() ? "" : "|weights:" + spec.data.weights;
  text += spec.task() == Task::regression ? "" : "|classes:" + std::to_string(plan.classes);
  return text;
}

void set_columns(const StudySpec& spec, const Shards& shards, DataPlan& plan) {
  for (std::size_t i = 0; i < spec.data.inputs.size() + spec.data.targets.size(); ++i) {
    const VariableInfo& info = shards.variables().at(i);
    const bool input = i < spec.data.inputs.size();
    auto& names = input ? plan.input_names : plan.target_names;
    const auto more = column_names(info);
    names.insert(names.end(), more.begin(), more.end());
    (input ? plan.input_columns : plan.target_columns).push_back(info.columns);
  }
}

void check_weights(const StudySpec& spec, const Shards& shards, const DataPlan& plan,
                   std::vector<Problem>& problems) {
  const std::size_t first = spec.data.inputs.size();
  for (std::size_t t = 0; t < spec.data.targets.size(); ++t) {
    const VariableSpec& target = spec.data.targets[t];
    const std::uint64_t columns = plan.target_columns[t];
    if (target.weight.size() > 1 && target.weight.size() != columns) {
      problems.push_back({target.where, "the weights of " + target.name + " do not fit its columns",
                          std::to_string(target.weight.size()) + " weights, " +
                              std::to_string(columns) + " columns",
                          "give one weight for all columns, or one for each"});
    }
  }
  const std::size_t weights = first + spec.data.targets.size();
  if (!spec.data.weights.empty() && shards.variables().at(weights).columns != 1) {
    problems.push_back({shards.shards().front().path + ":" + spec.data.weights,
                        "the weights variable has columns",
                        "it says the weight of each row, so it must be [N]", ""});
  }
}

void set_subset(const StudySpec& spec, DataPlan& plan, std::vector<Problem>& problems) {
  const SubsetSpec& subset = spec.search.subset;
  const std::uint64_t train = plan.split_rows[0];
  plan.subset_rows =
      subset.rows > 0
          ? subset.rows
          : std::max<std::uint64_t>(
                1, static_cast<std::uint64_t>(subset.fraction * static_cast<double>(train)));
  if (plan.subset_rows > train) {
    problems.push_back({"search.subset", "the subset is larger than the training data",
                        std::to_string(plan.subset_rows) + " rows are asked for, " +
                            std::to_string(train) + " are there",
                        "lower search.subset.rows"});
  }
  const std::uint64_t validation = plan.split_rows[1];
  plan.subset_validation_rows =
      subset.validation_rows > 0 ? subset.validation_rows : std::min(plan.subset_rows, validation);
  if (plan.subset_validation_rows > validation) {
    problems.push_back({"search.subset.validation_rows", "more validation rows than there are",
                        std::to_string(plan.subset_validation_rows) + " rows are asked for, " +
                            std::to_string(validation) + " are there",
                        "lower it, or leave it out"});
  }
}

std::uint64_t largest_batch(const StudySpec& spec) {
  const Setting& batch = spec.setting("training.batch_size");
  if (!batch.range) {
    return static_cast<std::uint64_t>(std::get<std::int64_t>(batch.constant));
  }
  auto largest = static_cast<std::int64_t>(batch.range->high);
  for (const Value& v : batch.range->choices) {
    largest = std::max(v == batch.range->choices.front() ? 0 : largest, std::get<std::int64_t>(v));
  }
  return static_cast<std::uint64_t>(largest);
}

}  // namespace

void encode(ByteWriter& writer, const DataPlan& plan) {
  writer.u64(plan.rows);
  for (const auto* list : {&plan.shard_begin, &plan.input_columns, &plan.target_columns}) {
    writer.u64(list->size());
    for (const std::uint64_t v : *list) {
      writer.u64(v);
    }
  }
  for (const auto* list : {&plan.input_names, &plan.target_names}) {
    writer.u64(list->size());
    for (const std::string& v : *list) {
      writer.text(v);
    }
  }
  for (std::size_t i = 0; i < 3; ++i) {
    writer.u64(plan.split_rows[i]);
    writer.u64(plan.file_rows[i]);
  }
  writer.u64(plan.classes);
  writer.u64(plan.subset_rows);
  writer.u64(plan.subset_validation_rows);
  for (const auto* text : {&plan.data_digest, &plan.subset_digest, &plan.full_digest}) {
    writer.text(*text);
  }
}

DataPlan decode_data_plan(ByteReader& reader) {
  DataPlan plan;
  plan.rows = reader.u64();
  for (auto* list : {&plan.shard_begin, &plan.input_columns, &plan.target_columns}) {
    list->resize(reader.count(8));
    for (std::uint64_t& v : *list) {
      v = reader.u64();
    }
  }
  for (auto* list : {&plan.input_names, &plan.target_names}) {
    list->resize(reader.count(8));
    for (std::string& v : *list) {
      v = reader.text();
    }
  }
  for (std::size_t i = 0; i < 3; ++i) {
    plan.split_rows[i] = reader.u64();
    plan.file_rows[i] = reader.u64();
  }
  plan.classes = reader.u64();
  plan.subset_rows = reader.u64();
  plan.subset_validation_rows = reader.u64();
  for (auto* text : {&plan.data_digest, &plan.subset_digest, &plan.full_digest}) {
    *text = reader.text();
  }
  return plan;
}

TableRequest wanted_table(const StudySpec& spec) {
  TableRequest out{spec.data.rows, spec.data.rows_where, spec.data.inputs};
  out.variables.insert(out.variables.end(), spec.data.targets.begin(), spec.data.targets.end());
  if (!spec.data.weights.empty()) {
    VariableSpec weights;
    weights.name = spec.data.weights;
    out.variables.push_back(std::move(weights));
  }
  if (spec.data.split.kind == SplitKind::variable) {
    VariableSpec split;
    split.name = spec.data.split.variable;
    split.where = spec.data.split.where;
    out.variables.push_back(std::move(split));
  }
  return out;
}

DataPlan make_plan(const StudySpec& spec, Shards& shards,
                   std::array<std::size_t, 3> files_per_split) {
  DataPlan plan;
  plan.shard_begin.push_back(0);
  std::size_t shard = 0;
  for (std::size_t split = 0; split < 3; ++split) {
    for (std::size_t i = 0; i < files_per_split[split]; ++i, ++shard) {
      const std::uint64_t rows = shards.shards().at(shard).rows;
      plan.file_rows[split] += rows;
      plan.rows += rows;
      plan.shard_begin.push_back(plan.rows);
    }
  }
  set_columns(spec, shards, plan);
  std::vector<Problem> problems;
  if (spec.data.split.kind == SplitKind::variable && shards.variables().back().columns != 1) {
    problems.push_back({shards.shards().front().path + ":" + spec.data.split.variable,
                        "the split variable has columns",
                        "it says the split of each row, so it has row dimensions only", ""});
    throw Error(ErrorKind::data, problems);
  }
  check_weights(spec, shards, plan, problems);
  if (!problems.empty()) {
    throw Error(ErrorKind::data, problems);
  }
  plan.classes = read_classes(spec, shards, plan);
  plan.split_rows = RowSplit(spec, plan).count(shards);
  const char* names[] = {"training", "validation", "test"};
  for (std::size_t i = 0; i < 3; ++i) {
    if (plan.split_rows[i] == 0) {
      problems.push_back(
          {spec.data.split.where.empty() ? "data.split" : spec.data.split.where,
           std::string("no ") + names[i] + " rows",
           "the files hold " + std::to_string(plan.rows) + " rows: fewer than the split needs",
           "change data.split, or add data"});
    }
  }
  set_subset(spec, plan, problems);
  const std::uint64_t batch = largest_batch(spec);
  if (batch > plan.subset_rows) {
    problems.push_back({spec.setting("training.batch_size").where,
                        "a batch can be larger than the subset",
                        std::to_string(batch) + " rows in a batch, " +
                            std::to_string(plan.subset_rows) + " in the subset",
                        "lower training.batch_size, or enlarge search.subset"});
  }
  if (!problems.empty()) {
    throw Error(ErrorKind::data, problems);
  }
  plan.data_digest = digest_of(describe_data(shards));
  const std::string text = describe_extraction(spec, plan);
  plan.subset_digest = digest_of("subset|" + text);
  plan.full_digest = digest_of("full|" + text);
  return plan;
}

}  // namespace twostep
