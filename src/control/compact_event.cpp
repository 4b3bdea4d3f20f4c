#include "control/compact_event.hpp"

#include <cmath>
#include <optional>

#include "twostep/base/error.hpp"

namespace twostep {
namespace {

// timed: finished, with the time of inference behind it.
enum class Form : std::uint8_t {
  line = 0,
  trial_created = 1,
  dispatched = 2,
  finished = 3,
  timed = 4
};

[[noreturn]] void unreadable(const std::string& why) {
  throw Error(ErrorKind::study, Problem{"", "a damaged snapshot", why, ""});
}

void write_compact_value(ByteWriter& out, const Value& value) {
  out.u8(static_cast<std::uint8_t>(value.index()));
  if (const auto* b = std::get_if<bool>(&value)) {
    out.u8(*b ? 1 : 0);
  } else if (const auto* i = std::get_if<std::int64_t>(&value)) {
    out.i64(*i);
  } else if (const auto* d = std::get_if<double>(&value)) {
    out.f64(*d);
  } else if (const auto* s = std::get_if<std::string>(&value)) {
    out.text(*s);
  }
}

Value read_compact_value(ByteReader& in) {
  switch (in.u8()) {
    case 0:
      return std::monostate{};
    case 1:
      return in.u8() != 0;
    case 2:
      return in.i64();
    case 3:
      return in.f64();
    case 4:
      return in.text();
    default:
      unreadable("a value of an unknown type");
  }
}

void write(ByteWriter& out, const TrialCreated& e) {
  out.u8(static_cast<std::uint8_t>(Form::trial_created));
  out.u32(e.trial.value);
  out.u32(static_cast<std::uint32_t>(e.point.values.size()));
  for (const Value& value : e.point.values) {
    write_compact_value(out, value);
  }
}

TrialCreated read_trial_created(ByteReader& in) {
  TrialCreated e;
  e.trial = TrialId(in.u32());
  const std::uint32_t values = in.u32();
  for (std::uint32_t i = 0; i < values; ++i) {  // ends with the bytes, whatever the count says
    e.point.values.push_back(read_compact_value(in));
  }
  return e;
}

void write(ByteWriter& out, const Dispatched& e) {
  const Assignment& a = e.assignment;
  out.u8(static_cast<std::uint8_t>(Form::dispatched));
  out.u64(a.id.value);
  out.u32(a.run.value);
  out.u32(a.attempt);
  out.u32(a.trial.value);
  out.u32(a.team.empty() ? 0 : a.team.front().value);
}

Dispatched read_dispatched(ByteReader& in) {
  Dispatched e;
  e.assignment.id = AssignmentId(in.u64());
  e.assignment.run = RunId(in.u32());
  e.assignment.attempt = in.u32();
  e.assignment.trial = TrialId(in.u32());
  e.assignment.team = {WorkerId(in.u32())};
  return e;
}

void write(ByteWriter& out, const Finished& e) {
  const Result& r = e.result;
  const bool timed = !std::isnan(r.inference_seconds_per_row);
  out.u8(static_cast<std::uint8_t>(timed ? Form::timed : Form::finished));
  out.u64(r.assignment.value);
  out.u32(r.run.value);
  out.u32(r.trial.value);
  out.u8(static_cast<std::uint8_t>(r.outcome));
  out.f64(r.objective);
  out.f64s(r.curve);
  out.u32(r.best_validation);
  out.u64(r.epochs);
  out.u64(r.steps);
  out.u64(r.parameters);
  out.f64(r.seconds);
  out.u8(static_cast<std::uint8_t>(r.error));
  out.text(r.message);
  if (timed) {
    out.f64(r.inference_seconds_per_row);
  }
}

Finished read_finished(ByteReader& in, Form form) {
  Finished e;
  Result& r = e.result;
  r.assignment = AssignmentId(in.u64());
  r.run = RunId(in.u32());
  r.trial = TrialId(in.u32());
  const std::uint8_t outcome = in.u8();
  r.outcome = static_cast<Outcome>(outcome);
  if (outcome > static_cast<std::uint8_t>(Outcome::stopped)) {
    unreadable("an unknown outcome");
  }
  r.objective = in.f64();
  r.curve = in.f64s();
  r.best_validation = in.u32();
  r.epochs = in.u64();
  r.steps = in.u64();
  r.parameters = in.u64();
  r.seconds = in.f64();
  const std::uint8_t error = in.u8();
  r.error = static_cast<ErrorKind>(error);
  if (error > static_cast<std::uint8_t>(ErrorKind::internal)) {
    unreadable("an unknown kind of error");
  }
  r.message = in.text();
  if (form == Form::timed) {
    r.inference_seconds_per_row = in.f64();
  }
  return e;
}

std::optional<Bytes> compact(const Event& event) {
  ByteWriter out;
  if (const auto* created = std::get_if<TrialCreated>(&event)) {
    write(out, *created);
  } else if (const auto* dispatched = std::get_if<Dispatched>(&event)) {
    write(out, *dispatched);
  } else if (const auto* finished = std::get_if<Finished>(&event)) {
    write(out, *finished);
  } else {
    return std::nullopt;
  }
  return out.take();
}

Event read_form(ByteReader& in, Form form) {
  switch (form) {
    case Form::trial_created:
      return read_trial_created(in);
    case Form::dispatched:
      return read_dispatched(in);
    case Form::finished:
    case Form::timed:
      return read_finished(in, form);
    case Form::line:
      break;
  }
  unreadable("an event of an unknown form");
}

bool reads_back(const Bytes& bytes, std::uint64_t seq, std::string_view line) {
  try {
    ByteReader in(bytes);
    return encode_event(read_compact(in, seq)) == line;
  } catch (const Error&) {  // a value that the compact form does not know
    return false;
  }
}

std::optional<Bytes> exact_form(const NumberedEvent& event, std::string_view line) {
  std::optional<Bytes> bytes = compact(event.event);
  if (bytes && !reads_back(*bytes, event.seq, line)) {
    bytes.reset();
  }
  return bytes;
}

}  // namespace

void write_compact(ByteWriter& out, const NumberedEvent& event, std::string_view line) {
  if (const std::optional<Bytes> bytes = exact_form(event, line)) {
    out.bytes(*bytes);
    return;
  }
  out.u8(static_cast<std::uint8_t>(Form::line));
  out.text(line.substr(0, line.size() - 1));
}

NumberedEvent read_compact(ByteReader& in, std::uint64_t seq) {
  const auto form = static_cast<Form>(in.u8());
  if (form != Form::line) {
    return {seq, read_form(in, form)};
  }
  NumberedEvent event = decode_event(in.text());
  if (event.seq != seq) {
    unreadable("its events are not in their order");
  }
  return event;
}

bool has_compact_form(const NumberedEvent& event, std::string_view line) {
  return exact_form(event, line).has_value();
}

}  // namespace twostep
