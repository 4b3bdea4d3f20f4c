#include "data/extraction.hpp"

#include <algorithm>
#include <cmath>

#include "data/class_targets.hpp"
#include "twostep/base/check.hpp"
#include "twostep/base/error.hpp"
#include "twostep/data/row_split.hpp"
#include "twostep/data/transform.hpp"

namespace twostep {
namespace {

struct Found {
  std::uint64_t count;
  std::uint64_t row;  // of the first
  std::size_t column;
  double value;
};

VariableSpec spec_of(const DataSpec& data, std::size_t variable) {
  const std::size_t inputs = data.inputs.size();
  if (variable < inputs) {
    return data.inputs[variable];
  }
  if (variable < inputs + data.targets.size()) {
    return data.targets[variable - inputs];
  }
  VariableSpec weights;
  weights.name = data.weights;
  return weights;
}

Problem describe_defect(const ExtractorContext& context, std::size_t variable, Defect kind,
                        const Found& found) {
  const auto& [count, row, column, value] = found;
  const VariableSpec v = spec_of(context.spec.data, variable);
  Problem problem{place_of(context.shards, context.plan, variable, row, column), "", "", ""};
  const std::string values = count == 1 ? "1 value" : std::to_string(count) + " values";
  if (kind == Defect::missing) {
    problem.what = values + " of " + v.name + " missing (NaN or the fill value); the first is here";
    problem.why = "a network cannot be trained on them";
    problem.hint = "data.missing: drop leaves out the rows concerned";
  } else if (kind == Defect::infinite) {
    problem.what = values + " of " + v.name + " infinite; the first is here";
    problem.why = "a network cannot be trained on them";
    problem.hint = "mend the file, or data.missing: drop leaves out the rows concerned";
  } else if (kind == Defect::negative) {
    problem.what = values + " of the weights " + v.name + " below 0; the first, " +
                   to_text(Value(value)) + ", is here";
    problem.why = "a weight says how much a row counts";
    problem.hint = "mend the file, or weight the rows by another variable";
  } else if (kind == Defect::label) {
    const bool binary = context.spec.task() == Task::binary;
    problem.what = values + " of " + v.name +
                   (binary ? " that are no probability" : " that are no class") + "; the first, " +
                   to_text(Value(value)) + ", is here";
    problem.why =
        binary ? "targets of binary_cross_entropy lie between 0 and 1"
               : "classes are numbered from 0 to " + std::to_string(context.plan.classes - 1);
    problem.hint = binary ? "choose another training.loss" : "mend the file, or data.classes";
  } else {
    problem.what = values + " of " + v.name + " outside the domain of " + name(v.transform) +
                   "; the first is here";
    problem.why = std::string(name(v.transform)) + " needs values " +
                  (v.transform == Transform::sqrt ? ">= 0" : "> 0");
    problem.hint = "give " + v.name + " an offset, or another transform";
  }
  return problem;
}

}  // namespace

void DefectTable::note(std::size_t variable, Defect kind, std::uint64_t row, std::size_t column,
                       double value) {
  double* cell = &cells_[(variable * kinds + static_cast<std::size_t>(kind)) * fields];
  if (cell[0] == 0 || static_cast<double>(row) < cell[1]) {
    cell[1] = static_cast<double>(row);
    cell[2] = static_cast<double>(column);
    cell[3] = value;
  }
  cell[0] += 1;
}

void DefectTable::throw_if_any(const ExtractorContext& context, Group& group, bool drop) const {
  const std::size_t n = cells_.size();
  const auto size = static_cast<std::size_t>(group.size());
  std::vector<double> all(n * size, 0.0);
  std::copy(cells_.begin(), cells_.end(),
            all.begin() + static_cast<long>(n * static_cast<std::size_t>(group.rank())));
  group.sum(all);
  std::vector<Problem> problems;
  for (std::size_t cell = 0; cell < n; cell += fields) {
    double count = 0;
    const double* first = nullptr;
    for (std::size_t r = 0; r < size; ++r) {
      const double* c = &all[r * n + cell];
      count += c[0];
      first = c[0] > 0 && (first == nullptr || c[1] < first[1]) ? c : first;
    }
    const auto kind = static_cast<Defect>(cell / fields % kinds);
    if (first != nullptr && (!drop || kind >= Defect::negative)) {
      problems.push_back(
          describe_defect(context, cell / fields / kinds, kind,
                          {static_cast<std::uint64_t>(count), static_cast<std::uint64_t>(first[1]),
                           static_cast<std::size_t>(first[2]), first[3]}));
    }
  }
  if (!problems.empty()) {
    throw Error(ErrorKind::data, std::move(problems));
  }
}

RowReader::RowReader(const ExtractorContext& context) : context_(context) {
  const DataSpec& data = context.spec.data;
  for (std::size_t i = 0; i < data.inputs.size() + data.targets.size(); ++i) {
    const bool input = i < data.inputs.size();
    const std::uint64_t columns =
        input ? context.plan.input_columns[i] : context.plan.target_columns[i - data.inputs.size()];
    variables_.push_back({input ? &data.inputs[i] : &data.targets[i - data.inputs.size()], columns,
                          columns_, input ? Task::regression : context.spec.task(), false});
    columns_ += columns;
  }
  if (!data.weights.empty()) {
    weight_.name = data.weights;
    variables_.push_back({&weight_, 1, columns_, Task::regression, true});
    ++columns_;
  }
}

template <class RowOf>
void RowReader::place(std::size_t variable, std::span<const double> raw, std::size_t count,
                      std::span<double> out, std::span<std::uint8_t> usable, DefectTable& defects,
                      RowOf row_of) const {
  const Variable& v = variables_[variable];
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < v.columns; ++j) {
      const double value = raw[i * v.columns + j];
      const double t = transformed(*v.spec, value);
      if (!std::isfinite(t)) {
        const Defect kind = std::isnan(value)       ? Defect::missing
                            : !std::isfinite(value) ? Defect::infinite
                                                    : Defect::undefined;
        defects.note(variable, kind, row_of(i), j, value);
        usable[i] = 0;
      } else if (v.weight && t < 0) {
        defects.note(variable, Defect::negative, row_of(i), j, value);
        usable[i] = 0;
      } else if (v.task != Task::regression &&
                 label_of(v.task, t, context_.plan.classes) != Label::good) {
        defects.note(variable, Defect::label, row_of(i), j, value);
        usable[i] = 0;
      }
      out[i * columns_ + v.first + j] = t;
    }
  }
}

void RowReader::read_rows(std::span<const std::uint64_t> rows, std::span<double> out,
                          std::span<std::uint8_t> usable, DefectTable& defects) const {
  TWOSTEP_REQUIRE(out.size() == rows.size() * columns_ && usable.size() == rows.size());
  std::fill(usable.begin(), usable.end(), std::uint8_t{1});
  const auto& starts = context_.plan.shard_begin;
  std::vector<std::uint64_t> local;
  std::vector<double> raw;
  for (std::size_t at = 0; at < rows.size();) {
    const auto shard = static_cast<std::size_t>(
        std::upper_bound(starts.begin(), starts.end(), rows[at]) - starts.begin() - 1);
    local.clear();
    for (std::size_t i = at; i < rows.size() && rows[i] < starts[shard + 1]; ++i) {
      local.push_back(rows[i] - starts[shard]);
    }
    for (std::size_t variable = 0; variable < variables_.size(); ++variable) {
      raw.resize(local.size() * variables_[variable].columns);
      context_.shards.read_rows(variable, shard, local, raw);
      place(variable, raw, local.size(), out.subspan(at * columns_), usable.subspan(at), defects,
            [&](std::size_t i) { return rows[at + i]; });
    }
    at += local.size();
  }
}

void RowReader::read_range(std::uint64_t begin, std::uint64_t count, std::span<double> out,
                           std::span<std::uint8_t> usable, DefectTable& defects) const {
  TWOSTEP_REQUIRE(out.size() == count * columns_ && usable.size() == count);
  std::fill(usable.begin(), usable.end(), std::uint8_t{1});
  std::vector<double> raw;
  for (std::size_t variable = 0; variable < variables_.size(); ++variable) {
    raw.resize(count * variables_[variable].columns);
    read_global_range(context_.shards, context_.plan, variable, begin, count, raw);
    place(variable, raw, count, out, usable, defects, [&](std::size_t i) { return begin + i; });
  }
}

EncodedRows encode_rows(std::span<const double> values, const PackHeader& header) {
  const std::size_t inputs = header.input_names.size();
  const std::size_t targets = header.target_names.size();
  const std::size_t weights = header.weights.empty() ? 0 : 1;
  const std::size_t columns = inputs + targets + weights;
  const std::size_t rows = values.size() / columns;
  EncodedRows out{std::vector<float>(rows * inputs), std::vector<float>(rows * targets),
                  std::vector<float>(rows * weights)};
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < inputs; ++j) {
      out.inputs[i * inputs + j] = static_cast<float>(
          (values[i * columns + j] - header.inputs.offset[j]) / header.inputs.scale[j]);
    }
    for (std::size_t j = 0; j < targets; ++j) {
      out.targets[i * targets + j] = static_cast<float>(
          (values[i * columns + inputs + j] - header.targets.offset[j]) / header.targets.scale[j]);
    }
    if (weights > 0) {
      out.weights[i] = static_cast<float>(values[(i + 1) * columns - 1] / header.weight_scale);
    }
  }
  return out;
}

}  // namespace twostep
