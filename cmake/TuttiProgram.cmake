# SPDX-License-Identifier: Apache-2.0
# A program is one folder of the tree and one executable. As for rooms (TuttiRoom.cmake), its headers are reached by their
# path from the repository root, and those of other folders are not on the include path unless they are linked.

# tutti_program(NAME path/from/root LINKS rooms and libraries)
function(tutti_program name path)
  cmake_parse_arguments(ARG "" "" "LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${path}/*.cc)
  set(view ${PROJECT_BINARY_DIR}/rooms/program_${name})
  cmake_path(GET path PARENT_PATH parent)
  file(MAKE_DIRECTORY ${view}/${parent})
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/${path} ${view}/${path} SYMBOLIC)
  add_executable(${name} ${sources})
  set_target_properties(${name} PROPERTIES UNITY_BUILD ${TUTTI_UNITY} UNITY_BUILD_BATCH_SIZE 8)
  # A command line is read once, and its parser takes half as long to compile if it is not optimised.
  set_source_files_properties(${PROJECT_SOURCE_DIR}/${path}/options.cc PROPERTIES COMPILE_OPTIONS -O0)
  target_include_directories(${name} PRIVATE ${view})
  target_compile_definitions(${name} PRIVATE TUTTI_VERSION="${PROJECT_VERSION}")
  target_link_libraries(${name} PRIVATE ${ARG_LINKS} tutti_warnings)
endfunction()
