// One run at a time in a study directory. The lock is the kernel's (flock), so it vanishes with its
// holder however that ends; the file also says who holds it, for the message to the second comer.
// Where a file system has no locks, or not between its nodes, the exclusively created journal
// segment is the second line of defence.
#pragma once

#include <string>

#include "twostep/base/time.hpp"

namespace twostep {

class StudyLock {
 public:
  // Waits up to `patience` for a holder that is just ending. Error{study} naming the holder if it
  // does not.
  StudyLock(const std::string& directory, Duration patience);
  ~StudyLock();
  StudyLock(const StudyLock&) = delete;
  StudyLock& operator=(const StudyLock&) = delete;

 private:
  int fd_ = -1;
};

}  // namespace twostep
