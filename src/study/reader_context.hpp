// What the parts of the study-file reader share: the spec being filled, the problems found so far,
// and where each option stands.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "twostep/base/error.hpp"
#include "twostep/study/config_node.hpp"
#include "twostep/study/fields.hpp"
#include "twostep/study/spec.hpp"
#include "twostep/study/spec_reader.hpp"

namespace twostep {

struct ReaderContext {
  StudySpec spec;
  std::vector<Problem> problems;
  std::map<std::string, std::string>
      where;  // option path -> file:line, for every option that is written
  std::string file;
  StudyUse use = StudyUse::run;
  std::vector<ConfigNode> try_first;  // as written; read when the space is known

  void problem(const std::string& at, std::string what, std::string why, std::string hint) {
    problems.push_back({at, std::move(what), std::move(why), std::move(hint)});
  }
  [[nodiscard]] bool given(const std::string& path) const { return where.count(path) > 0; }
  [[nodiscard]] std::string place(const std::string& path) const {
    const auto found = where.find(path);
    return found == where.end() ? file : found->second;
  }
};

// Scalars. nullopt if the text is not of that type (quoted text is never a number).
[[nodiscard]] std::optional<double> parse_real(const ConfigNode& node);
[[nodiscard]] std::optional<std::int64_t> parse_integer(const ConfigNode& node);
[[nodiscard]] std::optional<bool> parse_boolean(const ConfigNode& node);
// As what it looks like: true or false, a whole number, a number, else a text; nullopt: no scalar.
[[nodiscard]] std::optional<Value> parse_any(const ConfigNode& node);
[[nodiscard]] std::string describe(const ConfigNode& node);  // "a list", "a mapping", "'abc'"
[[nodiscard]] std::string short_number(double v);

// A value of the field's type within its range; otherwise a problem and nullopt. `name` is what the
// message calls it.
[[nodiscard]] std::optional<Value> read_value(ReaderContext& context, const Field& field,
                                              const ConfigNode& node, const std::string& name);
// A tunable option: constant, range, or (model.width) a list of widths. Appends to spec.settings.
void read_setting(ReaderContext& context, const Field& field, const ConfigNode& node);
// The option that a `when` of an option may name; nullptr: there is none of that name.
using ParentOf = const Field* (*)(const std::vector<Field>& known, const std::string& of,
                                  const std::string& name);
// The range of an option, into setting. `known`: what the options of `space` are, for ParentOf.
void read_range(ReaderContext& context, const Field& field, const ConfigNode& node,
                Setting& setting, const std::vector<Field>& known, ParentOf parent_of);
// search.try_first: as written, and then as what the space makes of it.
void keep_try_first(ReaderContext& context, const ConfigNode& node);
void read_try_first(ReaderContext& context, const Space& space);
// `space`: dimensions with names of the user's.
void read_space(ReaderContext& context, const ConfigNode& node);
// A list of names; `kind` says of what.
[[nodiscard]] std::vector<std::string> read_names(ReaderContext& context, const ConfigNode& node,
                                                  const std::string& name, const std::string& kind);
[[nodiscard]] std::vector<VariableSpec> read_variables(ReaderContext& context,
                                                       const ConfigNode& node,
                                                       const std::string& path);
// data.files, data.rows, data.inputs, data.targets.
void read_data_list(ReaderContext& context, const Field& field, const ConfigNode& node);
// Checks that concern more than one option; also sets what follows from others (split kind).
void check_spec(ReaderContext& context);
// What the loss asks of targets, weights and objective; also sets what follows from it (normalised
// targets, objective). A part of check_spec.
void check_targets(ReaderContext& context);
void check_early_stopping(ReaderContext& context);
// The largest that training.batch_size may be, in rows.
[[nodiscard]] double largest_batch(const ReaderContext& context);
// Of these, the ones that concern the network's inside.
void check_model(ReaderContext& context);

}  // namespace twostep
