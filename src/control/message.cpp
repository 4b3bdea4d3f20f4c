#include "twostep/control/message.hpp"

#include "twostep/base/error.hpp"

namespace twostep {
namespace {

enum class Tag : std::uint8_t {
  hello = 1,
  heartbeat,
  done,
  assign,
  cancel,
  alive,
  shutdown,
  unavailable
};

[[noreturn]] void malformed(const char* why) {
  throw Error(ErrorKind::internal, Problem{"", "malformed message", why, ""});
}

void tag(ByteWriter& w, Tag t) {
  w.u8(static_cast<std::uint8_t>(t));
}

template <class Enum>
Enum enumerator(ByteReader& r, std::uint8_t last) {
  const std::uint8_t v = r.u8();
  if (v > last) {
    malformed("an enumerator out of range");
  }
  return static_cast<Enum>(v);
}

void write_message_value(ByteWriter& w, const Value& value) {
  w.u8(static_cast<std::uint8_t>(value.index()));
  if (const auto* b = std::get_if<bool>(&value)) {
    w.u8(*b ? 1 : 0);
  } else if (const auto* i = std::get_if<std::int64_t>(&value)) {
    w.i64(*i);
  } else if (const auto* d = std::get_if<double>(&value)) {
    w.f64(*d);
  } else if (const auto* s = std::get_if<std::string>(&value)) {
    w.text(*s);
  }
}

Value read_message_value(ByteReader& r) {
  switch (r.u8()) {
    case 0:
      return std::monostate{};
    case 1:
      return r.u8() != 0;
    case 2:
      return r.i64();
    case 3:
      return r.f64();
    case 4:
      return r.text();
    default:
      malformed("a value of no known type");
  }
}

void write_assignment(ByteWriter& w, const Assignment& a) {
  w.u64(a.id.value);
  w.u32(a.run.value);
  w.u32(a.attempt);
  w.u8(static_cast<std::uint8_t>(a.kind));
  w.u32(a.trial.value);
  w.u64(a.point.values.size());
  for (const Value& v : a.point.values) {
    write_message_value(w, v);
  }
  w.u8(static_cast<std::uint8_t>(a.budget.unit));
  w.u64(a.budget.amount);
  w.u32(a.budget.patience);
  w.u64(a.budget.validate_every);
  w.u64(a.until);
  w.u64(a.rows);
  w.f64(a.spent_seconds);
  w.u64(a.team.size());
  for (const WorkerId id : a.team) {
    w.u32(id.value);
  }
}

Assignment read_assignment(ByteReader& r) {
  Assignment a;
  a.id = AssignmentId(r.u64());
  a.run = RunId(r.u32());
  a.attempt = r.u32();
  a.kind = enumerator<AssignmentKind>(r, 3);
  a.trial = TrialId(r.u32());
  a.point.values.resize(r.count(1));
  for (Value& v : a.point.values) {
    v = read_message_value(r);
  }
  a.budget.unit = enumerator<BudgetUnit>(r, 1);
  a.budget.amount = r.u64();
  a.budget.patience = r.u32();
  a.budget.validate_every = r.u64();
  a.until = r.u64();
  a.rows = r.u64();
  a.spent_seconds = r.f64();
  a.team.resize(r.count(4));
  for (WorkerId& id : a.team) {
    id = WorkerId(r.u32());
  }
  return a;
}

void write_metrics(ByteWriter& w, const TargetMetrics& m) {
  w.text(m.target);
  for (const double v :
       {m.rmse, m.mae, m.r2, m.bias, m.accuracy, m.balanced_accuracy, m.loss, m.objective}) {
    w.f64(v);
  }
}

TargetMetrics read_metrics(ByteReader& r) {
  TargetMetrics m;
  m.target = r.text();
  for (double* v : {&m.rmse, &m.mae, &m.r2, &m.bias, &m.accuracy, &m.balanced_accuracy, &m.loss,
                    &m.objective}) {
    *v = r.f64();
  }
  return m;
}

void write_evaluation(ByteWriter& w, const Evaluation& e) {
  w.u64(e.rows);
  w.f64(e.loss);
  write_metrics(w, e.overall);
  w.u64(e.targets.size());
  for (const TargetMetrics& t : e.targets) {
    write_metrics(w, t);
  }
}

Evaluation read_evaluation(ByteReader& r) {
  Evaluation e;
  e.rows = r.u64();
  e.loss = r.f64();
  e.overall = read_metrics(r);
  e.targets.resize(r.count(72));
  for (TargetMetrics& t : e.targets) {
    t = read_metrics(r);
  }
  return e;
}

void write_result(ByteWriter& w, const Result& r) {
  w.u64(r.assignment.value);
  w.u32(r.run.value);
  w.u8(static_cast<std::uint8_t>(r.kind));
  w.u32(r.trial.value);
  w.u8(static_cast<std::uint8_t>(r.outcome));
  w.f64(r.objective);
  w.f64s(r.curve);
  w.u32(r.best_validation);
  w.u64(r.curve_from);
  w.u64(r.epochs);
  w.u64(r.steps);
  w.u64(r.parameters);
  w.f64(r.seconds);
  w.text(r.message);
  w.u8(static_cast<std::uint8_t>(r.error));
  write_evaluation(w, r.validation);
  write_evaluation(w, r.test);
  w.f64(r.inference_seconds_per_row);
  w.text(r.model_file);
  w.text(r.reading);
  w.u64(r.train_rows);
  w.u64(r.validation_rows);
  w.u64(r.test_rows);
  w.u64(r.dropped_rows);
}

Result read_result(ByteReader& r) {
  Result out;
  out.assignment = AssignmentId(r.u64());
  out.run = RunId(r.u32());
  out.kind = enumerator<AssignmentKind>(r, 3);
  out.trial = TrialId(r.u32());
  out.outcome = enumerator<Outcome>(r, 7);
  out.objective = r.f64();
  out.curve = r.f64s();
  out.best_validation = r.u32();
  out.curve_from = r.u64();
  out.epochs = r.u64();
  out.steps = r.u64();
  out.parameters = r.u64();
  out.seconds = r.f64();
  out.message = r.text();
  out.error = enumerator<ErrorKind>(r, 7);
  out.validation = read_evaluation(r);
  out.test = read_evaluation(r);
  out.inference_seconds_per_row = r.f64();
  out.model_file = r.text();
  out.reading = r.text();
  out.train_rows = r.u64();
  out.validation_rows = r.u64();
  out.test_rows = r.u64();
  out.dropped_rows = r.u64();
  return out;
}

}  // namespace

Bytes encode(const FromWorker& message) {
  ByteWriter w;
  if (const auto* heartbeat = std::get_if<Heartbeat>(&message)) {
    tag(w, Tag::heartbeat);
    w.u64(heartbeat->assignment.value);
    w.u64(heartbeat->progress.epochs);
    w.u64(heartbeat->progress.steps);
    w.f64(heartbeat->progress.best);
  } else if (const auto* done = std::get_if<Done>(&message)) {
    tag(w, Tag::done);
    write_result(w, done->result);
  } else if (const auto* unavailable = std::get_if<Unavailable>(&message)) {
    tag(w, Tag::unavailable);
    w.u8(static_cast<std::uint8_t>(unavailable->error));
    const Problem& p = unavailable->problem;
    for (const std::string& text : {p.where, p.what, p.why, p.hint}) {
      w.text(text);
    }
  } else {
    tag(w, Tag::hello);
  }
  return w.take();
}

Bytes encode(const ToWorker& message) {
  ByteWriter w;
  if (const auto* assign = std::get_if<Assign>(&message)) {
    tag(w, Tag::assign);
    write_assignment(w, assign->assignment);
  } else if (const auto* cancel = std::get_if<Cancel>(&message)) {
    tag(w, Tag::cancel);
    w.u64(cancel->assignment.value);
  } else if (const auto* shutdown = std::get_if<Shutdown>(&message)) {
    tag(w, Tag::shutdown);
    w.text(shutdown->reason);
  } else {
    tag(w, Tag::alive);
  }
  return w.take();
}

FromWorker decode_from_worker(std::span<const std::byte> bytes) {
  ByteReader r(bytes);
  FromWorker out;
  switch (static_cast<Tag>(r.u8())) {
    case Tag::hello:
      out = Hello{};
      break;
    case Tag::heartbeat: {
      Heartbeat h;
      h.assignment = AssignmentId(r.u64());
      h.progress.epochs = r.u64();
      h.progress.steps = r.u64();
      h.progress.best = r.f64();
      out = h;
      break;
    }
    case Tag::done:
      out = Done{read_result(r)};
      break;
    case Tag::unavailable: {
      Unavailable u;
      u.error = enumerator<ErrorKind>(r, 7);
      for (std::string* text :
           {&u.problem.where, &u.problem.what, &u.problem.why, &u.problem.hint}) {
        *text = r.text();
      }
      out = u;
      break;
    }
    default:
      malformed("not a worker's message");
  }
  r.expect_end();
  return out;
}

ToWorker decode_to_worker(std::span<const std::byte> bytes) {
  ByteReader r(bytes);
  ToWorker out;
  switch (static_cast<Tag>(r.u8())) {
    case Tag::assign:
      out = Assign{read_assignment(r)};
      break;
    case Tag::cancel:
      out = Cancel{AssignmentId(r.u64())};
      break;
    case Tag::alive:
      out = Alive{};
      break;
    case Tag::shutdown:
      out = Shutdown{r.text()};
      break;
    default:
      malformed("not a message to a worker");
  }
  r.expect_end();
  return out;
}

}  // namespace twostep
