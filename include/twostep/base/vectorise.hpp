// TWOSTEP_VECTORISED marks the few hot loops outside oneDNN: the portable build carries versions of
// them for newer instruction sets, chosen when the program starts. Bits may differ between
// instruction sets, never between runs on one.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define TWOSTEP_VERSIONS  // the same by hand, for loops that differ: [[gnu::target("arch=...")]]
#define TWOSTEP_OTHERWISE [[gnu::target("default")]]  // and the version for all others
#define TWOSTEP_VECTORISED \
  __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define TWOSTEP_OTHERWISE
#define TWOSTEP_VECTORISED
#endif
