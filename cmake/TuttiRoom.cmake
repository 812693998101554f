# SPDX-License-Identifier: Apache-2.0
# A room is one folder of the tree and one CMake target. Its headers are reached by their path from the repository
# root ("lib/base/clock.h"), but only through a folder of links that holds this room alone: a room that is not
# declared as a dependency is not on the include path, so an include that ARCHITECTURE.md forbids does not compile.

set_property(GLOBAL PROPERTY TUTTI_ROOMS "")

# What most rooms include of other projects, read once for all of them. Each file includes what it uses all the same:
# preset ci-clang builds without this.
option(TUTTI_PRECOMPILE_ROOMS "Read what most rooms include of other projects once for all" ON)
# Several files of a room read as one, for what is compiled once and not worked on: a third of the time. Names in a
# room's, or a test program's, unnamed namespaces are then unique within it.
option(TUTTI_UNITY "Compile several files of a room or a program as one" OFF)
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/rooms/precompiled.cc CONTENT "")
add_library(room_headers OBJECT ${PROJECT_BINARY_DIR}/rooms/precompiled.cc)
target_link_libraries(room_headers PRIVATE
  absl::status absl::statusor absl::strings absl::span absl::flat_hash_map Threads::Threads tutti_warnings)
target_precompile_headers(room_headers PRIVATE
  <absl/container/flat_hash_map.h> <absl/status/status.h> <absl/status/statusor.h> <absl/strings/str_cat.h>
  <absl/types/span.h> <algorithm> <array> <atomic> <cstdint> <cstring> <memory> <mutex> <string> <utility> <vector>)

# tutti_room(NAME path/from/root [RECURSE] [COMPILE_OPTIONS options] DEPS other rooms and libraries)
function(tutti_room name path)
  cmake_parse_arguments(ARG "RECURSE" "" "DEPS;COMPILE_OPTIONS" ${ARGN})
  set(source_dir ${PROJECT_SOURCE_DIR}/${path})
  set(view ${PROJECT_BINARY_DIR}/rooms/${name})
  if(ARG_RECURSE)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${source_dir}/*.cc)
  else()
    file(GLOB sources CONFIGURE_DEPENDS ${source_dir}/*.cc)
  endif()

  # A room that is not recursive shows its own files only, never the rooms that happen to lie below it.
  cmake_path(GET path PARENT_PATH parent)
  file(MAKE_DIRECTORY ${view}/${parent})
  if(ARG_RECURSE)
    file(CREATE_LINK ${source_dir} ${view}/${path} SYMBOLIC)
  else()
    file(MAKE_DIRECTORY ${view}/${path})
    file(GLOB headers CONFIGURE_DEPENDS ${source_dir}/*.h)
    foreach(header ${headers})
      cmake_path(GET header FILENAME header_name)
      file(CREATE_LINK ${header} ${view}/${path}/${header_name} SYMBOLIC)
    endforeach()
  endif()

  set(target room_${name})
  if(sources)
    add_library(${target}_objects OBJECT ${sources})
    set_target_properties(${target}_objects PROPERTIES UNITY_BUILD ${TUTTI_UNITY} UNITY_BUILD_BATCH_SIZE 8)
    target_include_directories(${target}_objects PUBLIC ${view})
    target_link_libraries(${target}_objects PUBLIC ${ARG_DEPS} PRIVATE tutti_warnings)
    if(ARG_COMPILE_OPTIONS)
      target_compile_options(${target}_objects PRIVATE ${ARG_COMPILE_OPTIONS})
    elseif(TUTTI_PRECOMPILE_ROOMS)
      target_precompile_headers(${target}_objects REUSE_FROM room_headers)
    endif()
    add_library(${target} STATIC $<TARGET_OBJECTS:${target}_objects>)
    target_include_directories(${target} PUBLIC ${view})
    target_link_libraries(${target} PUBLIC ${ARG_DEPS})
    set_property(GLOBAL APPEND PROPERTY TUTTI_ROOM_OBJECTS ${target}_objects)
  else()
    add_library(${target} INTERFACE)
    target_include_directories(${target} INTERFACE ${view})
    target_link_libraries(${target} INTERFACE ${ARG_DEPS})
  endif()
endfunction()
