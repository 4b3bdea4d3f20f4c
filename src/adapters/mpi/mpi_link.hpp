// The link port on MPI's point-to-point messages, on a communicator of its own.
#pragma once

#include <mpi.h>

#include <list>

#include "twostep/ports/link.hpp"

namespace twostep {

class MpiLink : public Link {
 public:
  MpiLink();  // collective over all ranks
  ~MpiLink() override;
  MpiLink(const MpiLink&) = delete;
  MpiLink& operator=(const MpiLink&) = delete;

  [[nodiscard]] int rank() const override { return rank_; }
  [[nodiscard]] int size() const override { return size_; }
  void send(int to, Bytes bytes) override;
  [[nodiscard]] std::vector<Mail> poll() override;
  [[nodiscard]] bool drained() override;

 private:
  struct Pending {
    Bytes bytes;
    MPI_Request request;
  };
  MPI_Comm comm_ = MPI_COMM_NULL;
  int rank_ = 0;
  int size_ = 1;
  std::list<Pending> sending_;

  void progress();
};

}  // namespace twostep
