// SPDX-License-Identifier: Apache-2.0
// Every check over every transport.
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "checks.h"
#include "fixture.h"

namespace tutti::conformance {
namespace {

struct Case {
  const TransportUnderTest* transport;
  const NamedCheck* check;

  std::string Name() const { return transport->name + "_" + check->name; }
  friend std::ostream& operator<<(std::ostream& out, const Case& one) { return out << one.Name(); }
};

std::vector<Case> AllCases() {
  std::vector<Case> cases;
  for (const TransportUnderTest& transport : TransportsUnderTest()) {
    for (const NamedCheck& check : AllChecks()) cases.push_back({&transport, &check});
  }
  return cases;
}

class Conformance : public ::testing::TestWithParam<Case> {};

TEST_P(Conformance, Holds) {
  const TransportUnderTest& transport = *GetParam().transport;
  const NamedCheck& check = *GetParam().check;
  const std::unique_ptr<ConformanceFixture> fixture = transport.make(check.num_ranks);
  ASSERT_NE(fixture, nullptr) << "no endpoints of " << transport.name;
  const absl::Status status = check.run(*fixture);
  if (absl::IsUnimplemented(status)) GTEST_SKIP() << status.message();
  EXPECT_TRUE(status.ok()) << "promise " << check.promise << ": " << status.message();
}

std::string NameOf(const ::testing::TestParamInfo<Case>& parameter) { return parameter.param.Name(); }

INSTANTIATE_TEST_SUITE_P(Transports, Conformance, ::testing::ValuesIn(AllCases()), NameOf);

}  // namespace
}  // namespace tutti::conformance
