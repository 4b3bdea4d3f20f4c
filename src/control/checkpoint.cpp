#include "twostep/control/checkpoint.hpp"

#include <cstring>

#include "twostep/base/error.hpp"

namespace twostep {
namespace {

constexpr std::string_view magic = "twostep checkpoint";
constexpr std::uint32_t version = 3;

std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace

std::string checkpoint_path(AssignmentKind kind, TrialId trial) {
  return std::string(checkpoint_folder) + "/" + name(kind) + "-" + std::to_string(trial.value) +
         ".bin";
}

std::string encode_checkpoint(const Assignment& a, std::span<const std::byte> state) {
  ByteWriter w;
  w.text(magic);
  w.u32(version);
  w.text(name(a.kind));
  w.u32(a.trial.value);
  w.u64(fingerprint(a.point));
  w.u64(a.budget.amount);
  w.u64(a.rows);
  w.raw(state);
  const Bytes bytes = w.take();
  ByteWriter tail;
  tail.u32(crc32c(bytes));
  const Bytes crc = tail.take();
  std::string out(bytes.size() + crc.size(), '\0');
  std::memcpy(out.data(), bytes.data(), bytes.size());
  std::memcpy(out.data() + bytes.size(), crc.data(), crc.size());
  return out;
}

std::optional<Bytes> decode_checkpoint(const Assignment& a, std::string_view file) {
  if (file.size() < sizeof(std::uint32_t)) {
    return std::nullopt;
  }
  const auto bytes = as_bytes(file);
  const auto body = bytes.first(bytes.size() - sizeof(std::uint32_t));
  try {
    ByteReader tail(bytes.subspan(body.size()));
    if (tail.u32() != crc32c(body)) {
      return std::nullopt;
    }
    ByteReader r(body);
    const bool ours = r.text() == magic && r.u32() == version && r.text() == name(a.kind) &&
                      r.u32() == a.trial.value && r.u64() == fingerprint(a.point) &&
                      r.u64() == a.budget.amount && r.u64() == a.rows;
    if (!ours) {
      return std::nullopt;
    }
    Bytes state = r.raw();
    r.expect_end();
    return state;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace twostep
