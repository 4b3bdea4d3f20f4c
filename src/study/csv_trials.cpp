// Tables of trials: trials.csv of a study, and what pandas writes of an Optuna study's data frame.
#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <limits>

#include "study/csv_rows.hpp"
#include "study/reader_context.hpp"
#include "twostep/base/error.hpp"
#include "twostep/study/prior_trials.hpp"

namespace twostep {
namespace {

constexpr std::string_view frame_prefix = "params_";
constexpr const char* inference_name = "inference_seconds_per_row";

[[noreturn]] void refuse_table(const std::string& where, const std::string& what,
                               const std::string& why, const std::string& hint) {
  throw Error(ErrorKind::config, Problem{where, what, why, hint});
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// NaN where there is none; nullopt: it is no number.
std::optional<double> table_number(const std::string& text) {
  const std::string word = lower(text);
  if (word.empty() || word == "nan" || word == "none" || word == "null" || word == "na") {
    return std::nan("");
  }
  for (const std::string infinity : {"inf", "infinity"}) {
    if (word == infinity || word == "+" + infinity || word == "-" + infinity) {
      return std::numeric_limits<double>::infinity();
    }
  }
  ConfigNode node;
  node.kind = ConfigNode::Kind::scalar;
  node.scalar = text;
  return parse_real(node);
}

enum class Ended { well, early, failed, not_yet };

std::optional<Ended> ended(const std::string& status) {
  const std::string word = lower(status.substr(status.rfind('.') + 1));  // TrialState.COMPLETE
  const auto among = [&](std::initializer_list<const char*> words) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  if (among({"finished", "complete"})) {
    return Ended::well;
  }
  if (among({"stopped", "pruned"})) {
    return Ended::early;
  }
  if (among({"failed", "diverged", "timed_out", "crashed", "fail"})) {
    return Ended::failed;
  }
  return among({"running", "waiting", "paused"}) ? std::optional(Ended::not_yet) : std::nullopt;
}

// Which column holds what.
class Columns {
 public:
  using Place = std::optional<std::size_t>;
  static constexpr std::array results{
      "trial", "number", "status",     "state",    "objective", "best_validation", "epochs",
      "steps", "value",  "parameters", "finalist", "message",   "train_seconds",   inference_name};
  Place value, status, parameters, seconds, inference, epochs;
  std::vector<Place> dimensions;
  std::vector<std::pair<std::size_t, std::string>> constants;  // of this study, and their values

  Columns(const std::vector<std::string>& head, const std::string& where, const StudySpec& spec,
          const Space& space)
      : head_(head), where_(where) {
    frame_ = std::any_of(space.dimensions.begin(), space.dimensions.end(), [&](const Dimension& d) {
      const std::string name = std::string(frame_prefix) + d.name;
      return has(name) && !space.find(name);
    });
    value = frame_ ? first_of({"value", "objective"}) : first_of({"objective", "value"});
    check_value();
    status = first_of({"status", "state"});
    parameters = first_of({"parameters"});
    seconds = first_of({"train_seconds"});
    inference = own_column(inference_name, space);
    epochs = own_column("epochs", space);
    for (const Dimension& d : space.dimensions) {
      add(d);
    }
    for (std::size_t i = 0; i < head.size(); ++i) {
      add_constant(i, spec, space);
    }
  }

 private:
  const std::vector<std::string>& head_;
  const std::string& where_;
  bool frame_ = false;

  [[nodiscard]] bool has(const std::string& name) const {
    return std::find(head_.begin(), head_.end(), name) != head_.end();
  }
  [[nodiscard]] Place find(const std::string& name) const {
    const auto found = std::find(head_.begin(), head_.end(), name);
    if (found == head_.end()) {
      return std::nullopt;
    }
    if (std::find(found + 1, head_.end(), name) != head_.end()) {
      refuse_table(where_, "two columns are called " + name, "it cannot be told which is meant",
                   "rename one of them");
    }
    return static_cast<std::size_t>(found - head_.begin());
  }
  [[nodiscard]] Place first_of(std::initializer_list<const char*> names) const {
    for (const char* name : names) {
      if (const Place place = find(name)) {
        return place;
      }
    }
    return std::nullopt;
  }
  // Unless a dimension is called so.
  [[nodiscard]] Place own_column(const char* name, const Space& space) const {
    return !frame_ && space.find(name) ? std::nullopt : find(name);
  }
  void check_value() const {
    if (value) {
      return;
    }
    if (has("values_0")) {
      refuse_table(where_, "trials with several objectives", "its head line has values_0, values_1",
                   "name the column of the objective that is meant objective");
    }
    const bool one = head_.size() == 1;
    const bool other = one && head_.front().find_first_of(";\t") != std::string::npos;
    refuse_table(where_, "no column with the values of trials",
                 "its head line has neither objective nor value",
                 other ? "separate the columns by commas" : "name it objective");
  }
  void add(const Dimension& d) {
    const std::string name = (frame_ ? std::string(frame_prefix) : "") + d.name;
    const Place place = find(name);
    if (!place && !d.condition) {
      const bool two_heads = std::count(head_.begin(), head_.end(), "params") > 1;
      refuse_table(where_, "no column for " + d.name, "every trial of this study has a value of it",
                   two_heads ? "write the data frame with multi_index=False"
                   : frame_  ? "name it " + name + ", as the others are"
                             : "name it " + name + ", or all of them params_ and their name");
    }
    for (const Place& other : {value, status, parameters, seconds}) {
      if (place && place == other) {
        refuse_table(where_, "the column " + name + " is a result, and a dimension's too",
                     "this study has a dimension of that name",
                     "call the columns of dimensions params_ and their name, and that of the "
                     "objective value");
      }
    }
    dimensions.push_back(place);
  }
  void add_constant(std::size_t column, const StudySpec& spec, const Space& space) {
    std::string name = head_[column];
    if (frame_) {
      if (!name.starts_with(frame_prefix)) {
        return;
      }
      name.erase(0, frame_prefix.size());
    } else if (std::find(results.begin(), results.end(), name) != results.end()) {
      return;
    }
    const auto constant = space.find(name) ? std::nullopt : constant_of(spec, name);
    if (constant) {
      constants.emplace_back(column, *constant);
    }
  }
};

class TableReader {
 public:
  TableReader(std::string_view text, const std::string& source, const StudySpec& spec,
              const Space& space)
      : rows_(text, source), spec_(spec), space_(space) {
    out_.warm.source = source;
    if (!rows_.next()) {
      refuse_table(source, "no table of trials", "it is empty",
                   "give a head line and a line per trial");
    }
    head_ = rows_.cells();
    where_ = rows_.where();
    columns_.emplace(head_, where_, spec, space);
  }

  TrialsRead read() {
    while (rows_.next()) {
      if (rows_.cells().size() != head_.size()) {
        refuse_table(rows_.where(), std::to_string(rows_.cells().size()) + " cells in a row",
                     "the head line has " + std::to_string(head_.size()),
                     "has the file been cut off, or a comma not been quoted?");
      }
      take_row();
    }
    for (const auto& [trial, epochs] : stopped_) {
      out_.warm.trials[trial].fidelity = share_spent(epochs, whole_);
    }
    return std::move(out_);
  }

 private:
  CsvRows rows_;
  const StudySpec& spec_;
  const Space& space_;
  std::vector<std::string> head_;
  std::string where_;
  std::optional<Columns> columns_;
  TrialsRead out_;
  double whole_ = 0;  // epochs of the longest trial
  std::vector<std::pair<std::size_t, double>> stopped_;

  [[nodiscard]] std::string cell(Columns::Place column) const {
    return column ? rows_.cells()[*column] : "";
  }
  [[nodiscard]] double number(Columns::Place column) const {
    const auto read = table_number(cell(column));
    if (!read) {
      refuse_table(rows_.where(),
                   head_[*column] + " is no number: '" + cell(column).substr(0, 60) + "'", "",
                   "a trial without a value has an empty cell there");
    }
    return *read;
  }
  [[nodiscard]] Ended how_it_ended() const {
    if (!columns_->status) {
      return Ended::well;
    }
    const auto read = ended(cell(columns_->status));
    if (!read) {
      refuse_table(rows_.where(),
                   "no such " + head_[*columns_->status] + ": '" +
                       cell(columns_->status).substr(0, 60) + "'",
                   "known are finished, stopped, failed, diverged, timed_out, crashed, running, "
                   "waiting and paused, and Optuna's COMPLETE, PRUNED, FAIL, RUNNING and WAITING",
                   "write one of them");
    }
    return *read;
  }
  // pandas writes None as nothing. A trial with a result had a value in every dimension that exists
  // in all trials.
  [[nodiscard]] std::optional<std::string> text_of(const Dimension& d, bool good) const {
    const auto index = static_cast<std::size_t>(&d - space_.dimensions.data());
    const std::string text = cell(columns_->dimensions[index]);
    if (!text.empty()) {
      return text;
    }
    return good && !d.condition ? none_of(d) : std::nullopt;
  }
  // What a value is weighed against.
  [[nodiscard]] double weight(Columns::Place column) const {
    const double read = number(column);
    if (read < 0) {
      refuse_table(rows_.where(),
                   "negative " + head_[*column] + ": '" + cell(column).substr(0, 60) + "'",
                   "no trial has less than none", "leave the cell empty where it is not known");
    }
    return read;
  }
  // No model is without parameters: 0 says that none were told.
  [[nodiscard]] static double counted(double parameters) {
    return parameters > 0 ? parameters : std::nan("");
  }
  [[nodiscard]] std::string differs_from_constants() const {
    for (const auto& [column, constant] : columns_->constants) {
      const std::string& text = rows_.cells()[column];
      if (!text.empty() && !same_value(text, constant)) {
        return head_[column] + " is " + text.substr(0, 60) + ", and here always " + constant;
      }
    }
    return "";
  }
  void take_row() {
    const Ended how = how_it_ended();
    if (how == Ended::not_yet) {
      return;
    }
    const double value = number(columns_->value);
    const bool good = how != Ended::failed && std::isfinite(value);
    const double epochs = table_number(cell(columns_->epochs)).value_or(std::nan(""));
    whole_ = epochs > whole_ ? epochs : whole_;
    std::string why = differs_from_constants();
    const auto point = why.empty()
                           ? point_of(
                                 space_, [&](const Dimension& d) { return text_of(d, good); }, &why)
                           : std::nullopt;
    if (!point) {
      out_.leave_out(rows_.where(), why);
      return;
    }
    if (good && how == Ended::early) {
      stopped_.emplace_back(out_.warm.trials.size(), epochs);
    }
    out_.warm.trials.push_back({*point, good ? Outcome::finished : Outcome::failed,
                                good ? natural_value(spec_.search.objective, value) : std::nan(""),
                                counted(weight(columns_->parameters)), weight(columns_->seconds), 1,
                                weight(columns_->inference)});
  }
};

}  // namespace

TrialsRead read_trials_csv(std::string_view text, const std::string& source, const StudySpec& spec,
                           const Space& space) {
  return TableReader(text, source, spec, space).read();
}

}  // namespace twostep
