// SPDX-License-Identifier: Apache-2.0
// What a transport must bring to be tested: a few connected-on-demand endpoints in one thread, a way to let time pass,
// and a way to kill one. Knows no check.
#ifndef TUTTI_TESTS_CONFORMANCE_FIXTURE_H_
#define TUTTI_TESTS_CONFORMANCE_FIXTURE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib/transport/transport.h"

namespace tutti::conformance {

// Endpoints 0 .. size() - 1 of one job, not yet connected. All calls from one thread.
class ConformanceFixture {
 public:
  virtual ~ConformanceFixture() = default;

  virtual int32_t size() const = 0;

  // Not after Kill or Leave of the rank.
  virtual Transport& endpoint(int32_t rank) = 0;

  // Lets a little time pass, after a round of polls in which nothing moved. False: nothing can ever move again unless
  // something is posted (only a simulation knows that; it turns a wait for a deadline into a prompt failure).
  virtual bool Step() = 0;

  // The rank dies as a process does: without a word, in the middle of whatever it does. False if that cannot be done.
  virtual bool Kill(int32_t rank) = 0;

  // Destroys the endpoint in order, as a rank does that has finished.
  virtual void Leave(int32_t rank) = 0;

  // The most that one sender's finished sends can amount to while the receiver has posted nothing: the receiver's
  // budget and what the medium itself holds.
  virtual uint64_t max_unreceived_bytes() const = 0;

  // True if Poll, the Post calls and Step allocate only what the transport allocates.
  virtual bool allocations_are_countable() const { return true; }
};

// One line of the list of transports.
struct TransportUnderTest {
  std::string name;  // letters, digits, underscores
  std::function<std::unique_ptr<ConformanceFixture>(int32_t size)> make;
};

// Every transport that the suite is run over.
const std::vector<TransportUnderTest>& TransportsUnderTest();

}  // namespace tutti::conformance

#endif  // TUTTI_TESTS_CONFORMANCE_FIXTURE_H_
