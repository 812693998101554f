// SPDX-License-Identifier: Apache-2.0
// Where hosts are among others: what users, files and Slurm say of it, and what all ranks' words give together.
#include "lib/bootstrap/locality.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/bootstrap/places.h"
#include "lib/bootstrap/settings.h"
#include "lib/bootstrap/slurm_list.h"
#include "lib/bootstrap/switch_file.h"

namespace tutti {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST(SlurmNames, HasWhatTheListNames) {
  const auto names = SlurmNames::Parse("login,node[003-010,012]x[0-1],gpu[8-11]").value();
  for (const char* name : {"login", "node003x0", "node010x1", "node012x0", "gpu8", "gpu11"}) {
    EXPECT_TRUE(names.Has(name)) << name;
  }
  for (const char* name : {"", "logi", "login1", "node3x0", "node011x0", "node012x2", "node012", "gpu08", "gpu12",
                           "gpu", "gpu99999999999999999999"}) {
    EXPECT_FALSE(names.Has(name)) << name;
  }
  EXPECT_TRUE(SlurmNames::Parse("n[1-2][5-12]").value().Has("n112"));
  EXPECT_FALSE(SlurmNames::Parse("n[1-2][5-12]").value().Has("n113"));
}

TEST(SlurmNames, SaysWhatIsWrongInAList) {
  const std::map<std::string, std::string> wrong = {
      {"node[1-4", "\"[\" is not closed in \"node[1-4\""},
      {"a,node1-4]", "\"]\" has no \"[\" in \"node1-4]\""},
      {"node[1-x]", "\"1-x\" is neither a number nor two"},
      {"node[]", "\"\" is neither a number"},
      {"node[1,,2]", "\"\" is neither a number"},
      {"node[4-1]", "\"4-1\" ends before it begins"},
      {"node[1-9999999999999999999999]", "is neither a number"},
      {"a,,b", "a name is empty"},
      {"", "a name is empty"},
  };
  for (const auto& [list, sentence] : wrong) {
    EXPECT_THAT(std::string(SlurmNames::Parse(list).status().message()), HasSubstr(sentence)) << list;
  }
}

TEST(SwitchFile, NamesAHostsSwitchesFromTheWidestDown) {
  const auto good = SwitchFile::Parse(
      "SwitchName=rack1 Nodes=node[1-8] LinkSpeed=100\r\n"
      "switchname=rack2 \\\n"
      "\tNODES=node[9-12]\n"
      "# SwitchName=rack9 Nodes=node1\n"
      "SwitchName=rack3 Nodes=node[13-16] # of four\n"
      "SwitchName=spine Switches=rack[1-2]",
      "t");
  ASSERT_TRUE(good.ok()) << good.status();
  EXPECT_THAT(good->SwitchesOf("node3").value(), ElementsAre("spine", "rack1"));
  EXPECT_THAT(good->SwitchesOf("node12").value(), ElementsAre("spine", "rack2"));
  EXPECT_THAT(good->SwitchesOf("node13").value(), ElementsAre("rack3"));
  EXPECT_TRUE(absl::IsNotFound(good->SwitchesOf("node17").status()));
  EXPECT_TRUE(SwitchFile::Parse("", "t").ok());
}

TEST(SwitchFile, SaysFileLineAndSpotOfWhatIsMalformed) {
  const std::map<std::string, std::string> wrong = {
      {"\n\nSwitchName=a Nodes=node[1-", "/x, line 3: Nodes: a \"[\" is not closed"},
      {"SwitchName=a nodes", "/x, line 1: \"nodes\" is not of the form Key=Value"},
      {"SwitchName=a Nodes=", "/x, line 1: \"Nodes=\" is not of the form"},
      {"Nodes=a", "/x, line 1: there is no SwitchName="},
      {"SwitchName=a Level=1", "/x, line 1: switch a has neither Nodes= nor Switches="},
      {"SwitchName=a Nodes=b\\", "/x, line 1: the last line ends"},
  };
  for (const auto& [text, sentence] : wrong) {
    EXPECT_THAT(std::string(SwitchFile::Parse(text, "/x").status().message()), HasSubstr(sentence)) << text;
  }
  const auto circle = SwitchFile::Parse("SwitchName=a Nodes=n Switches=b\nSwitchName=b Switches=a", "/x");
  EXPECT_THAT(std::string(circle->SwitchesOf("n").status().message()),
              HasSubstr("/x, line 1: switch a is above itself"));
}

TEST(Locality, IsAPathOfAFewPlainNames) {
  for (const char* good : {"rack3", "pod1/rack3", "a/b/c/d", "leaf[0-1].x"}) EXPECT_TRUE(IsLocality(good)) << good;
  const std::string longest(kMaxLocalityNameBytes, 'r');
  EXPECT_TRUE(IsLocality(longest + "/" + longest + "/" + longest + "/" + longest));
  for (const std::string& bad :
       {std::string(), std::string("/"), std::string("a/"), std::string("/a"), std::string("a//b"), std::string("a b"),
        std::string("a/b/c/d/e"), std::string("a\n"), longest + "r"}) {
    EXPECT_FALSE(IsLocality(bad)) << bad;
  }
}

class FindLocalityTest : public ::testing::Test {
 protected:
  ~FindLocalityTest() override { std::remove(path.c_str()); }
  void Write(const std::string& text) { std::ofstream(path) << text; }
  absl::StatusOr<Locality> Find(const std::string& host) const { return FindLocality(settings, host); }

  const std::string path = ::testing::TempDir() + "tutti_locality_test." + std::to_string(getpid());
  JobSettings settings;
};

TEST_F(FindLocalityTest, TheFirstThatSaysSomethingCounts) {
  EXPECT_THAT(Find("node2")->path, IsEmpty());
  settings.slurm_place = {"spine/leaf7", "node2"};
  EXPECT_EQ(Find("node2")->path, "spine/leaf7");
  EXPECT_EQ(Find("node2")->origin, "SLURM_TOPOLOGY_ADDR (Slurm)");
  Write("SwitchName=rack1 Nodes=node[1-8]\n");
  settings.locality_file = path;
  EXPECT_EQ(Find("node2")->path, "rack1");
  EXPECT_EQ(Find("node2.cluster.org")->path, "rack1");
  settings.locality = "pod1/rack3";
  EXPECT_EQ(Find("node2")->path, "pod1/rack3");
}

// As where mpiexec hands on the environment of the host it was started on.
TEST_F(FindLocalityTest, SlurmsWordOfAnotherHostIsNotUsed) {
  settings.slurm_place = {"spine/leaf7", "node2"};
  EXPECT_THAT(Find("node3")->path, IsEmpty());
  EXPECT_EQ(Find("node2.cluster.org")->path, "spine/leaf7");
  settings.slurm_place = {"a/b/c/d/e", "node2"};
  EXPECT_THAT(Find("node2")->path, IsEmpty());
}

TEST_F(FindLocalityTest, AFileThatDoesNotHelpIsAnError) {
  settings.locality_file = path;
  EXPECT_THAT(std::string(Find("node2").status().message()),
              AllOf(StartsWith("TUTTI_LOCALITY_FILE: "), HasSubstr(path + " cannot be read (No such file")));
  Write("SwitchName=rack1 Nodes=node[1-8\n");
  EXPECT_THAT(std::string(Find("node2").status().message()),
              HasSubstr(path + ", line 1: Nodes: a \"[\" is not closed"));
  Write("SwitchName=rack1 Nodes=node[3-8]\n");
  EXPECT_THAT(std::string(Find("node2.cluster.org").status().message()),
              AllOf(HasSubstr("names no switch for this host, node2.cluster.org or node2: add it"), HasSubstr(path)));
  Write(
      "SwitchName=a Nodes=node2\nSwitchName=b Switches=a\nSwitchName=c Switches=b\nSwitchName=d Switches=c\n"
      "SwitchName=e Switches=d\n");
  EXPECT_THAT(std::string(Find("node2").status().message()), HasSubstr("under switches \"e/d/c/b/a\""));
  Write("SwitchName=a/b Nodes=node2\n");
  EXPECT_THAT(std::string(Find("node2").status().message()), HasSubstr("no \"/\""));
  settings.locality_file = ::testing::TempDir();
  EXPECT_THAT(std::string(Find("node2").status().message()), HasSubstr("cannot be read"));
}

SlurmPlace FromSlurm(const char* address, const char* pattern) {
  Environment environment;
  environment.variables = {{"SLURM_TOPOLOGY_ADDR", address}, {"SLURM_TOPOLOGY_ADDR_PATTERN", pattern}};
  return PlaceFromSlurm(environment);
}

TEST(PlaceFromSlurm, IsWhatThePatternSaysOfTheAddress) {
  const SlurmPlace place = FromSlurm("spine1.rack3.node7", "switch.switch.node");
  EXPECT_EQ(place.switches, "spine1/rack3");
  EXPECT_EQ(place.node, "node7");
  EXPECT_EQ(FromSlurm("rack3.node7.cluster.org", "switch.node").node, "node7.cluster.org");
  EXPECT_THAT(FromSlurm("node7", "node").switches, IsEmpty());
  EXPECT_THAT(FromSlurm("rack3.node7", "switch.switch.node").switches, IsEmpty());
  EXPECT_THAT(FromSlurm("rack3.x", "switch.board").switches, IsEmpty());
  EXPECT_THAT(PlaceFromSlurm(Environment()).switches, IsEmpty());
}

struct Told {
  const char* host_id;
  const char* locality;
};

absl::StatusOr<Places> PlacesOfRanks(const std::vector<Told>& told) {
  std::vector<PeerCard> cards;
  for (const Told& of : told) {
    cards.push_back({static_cast<int>(cards.size()), "node", of.host_id, 1, "", of.locality});
  }
  return PlacesOf(static_cast<int>(cards.size()),
                  [&](int rank) -> const PeerCard& { return cards[static_cast<size_t>(rank)]; });
}

TEST(PlacesOf, GroupsHostsByEachBeginningOfTheirPaths) {
  const auto places =
      PlacesOfRanks({{"a", "p1/r1"}, {"b", "p1/r2"}, {"c", "p2/r1"}, {"a", "p1/r1"}, {"d", "p1/r1"}}).value();
  EXPECT_THAT(places.hosts, ElementsAre(0, 1, 2, 0, 4));
  EXPECT_THAT(places.wider, ElementsAre(ElementsAre(0, 1, 2, 0, 0), ElementsAre(0, 0, 2, 0, 0)));
  EXPECT_THAT(PlacesOfRanks({{"a", ""}, {"b", ""}})->wider, IsEmpty());
}

TEST(PlacesOf, AHostWithAShorterPathIsInAsManyGroupsAsItNames) {
  const auto places = PlacesOfRanks({{"a", "p1"}, {"b", "p1/r2"}, {"c", "p1"}}).value();
  EXPECT_THAT(places.wider, ElementsAre(ElementsAre(0, 1, 0), ElementsAre(0, 0, 0)));
}

TEST(PlacesOf, AHostIsWhereOneOfItsRanksSaysAndElseAlone) {
  const auto places = PlacesOfRanks({{"a", ""}, {"b", "r1"}, {"a", "r1"}, {"c", ""}, {"d", ""}}).value();
  EXPECT_THAT(places.wider, ElementsAre(ElementsAre(0, 0, 0, 3, 4)));
}

TEST(PlacesOf, PartsOfHostsAreOfTheirHostAlone) {
  std::vector<PeerCard> cards;
  for (const auto& [host, part] : std::vector<std::pair<const char*, const char*>>{
           {"a", "s0/c0"}, {"a", "s1/c0"}, {"b", "s0/c0"}, {"a", "s0/c1"}, {"b", ""}, {"a", "s0"}}) {
    PeerCard card;
    card.rank = static_cast<int>(cards.size());
    card.host_id = host;
    card.part = part;
    cards.push_back(card);
  }
  const auto places = PlacesOf(static_cast<int>(cards.size()),
                               [&](int rank) -> const PeerCard& { return cards[static_cast<size_t>(rank)]; });
  ASSERT_TRUE(places.ok()) << places.status();
  EXPECT_THAT(places->hosts, ElementsAre(0, 0, 2, 0, 2, 0));
  EXPECT_THAT(places->finer, ElementsAre(ElementsAre(0, 1, 2, 3, 4, 5), ElementsAre(0, 1, 2, 0, 4, 0)));
  EXPECT_THAT(places->wider, IsEmpty());
}

TEST(HostPart, HasOneOrTwoNames) {
  EXPECT_TRUE(IsHostPart("socket0") && IsHostPart("socket0/l3_1"));
  EXPECT_FALSE(IsHostPart("") || IsHostPart("a/b/c") || IsHostPart("a/") || IsHostPart("a b"));
}

TEST(PlacesOf, RanksOfAHostThatContradictEachOtherAreAnError) {
  EXPECT_THAT(std::string(PlacesOfRanks({{"a", ""}, {"a", "r1"}, {"a", "r2"}}).status().message()),
              AllOf(HasSubstr("rank 1 (host node, pid 1) and rank 2"), HasSubstr("\"r1\""), HasSubstr("\"r2\"")));
}

}  // namespace
}  // namespace tutti
