// Port: messages between ranks. Promises exactly what MPI promises: between the living, messages of
// one pair arrive in order and none is lost; what is sent to a dead rank vanishes. No call blocks,
// none waits for another rank.
#pragma once

#include <span>
#include <vector>

#include "twostep/base/bytes.hpp"

namespace twostep {

struct Mail {
  int from = 0;  // rank
  Bytes bytes;
};

class Link {
 public:
  virtual ~Link() = default;
  [[nodiscard]] virtual int rank() const = 0;
  [[nodiscard]] virtual int size() const = 0;
  virtual void send(int to, Bytes bytes) = 0;  // buffered until delivered; to == rank() is allowed
  // All that has arrived, in arrival order; empty when there is nothing. Also makes progress on
  // pending sends.
  [[nodiscard]] virtual std::vector<Mail> poll() = 0;
  // Whether everything sent to the living has left this rank (asked before the end of the program).
  [[nodiscard]] virtual bool drained() = 0;
};

}  // namespace twostep
