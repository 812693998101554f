# SPDX-License-Identifier: Apache-2.0
# Makes the libraries that are installed, `tutti` (shared) and `tutti_static`, out of the rooms that one room needs.
# What no installed room depends on (transports/sim, collectives/check) cannot get in.

# Walks the rooms below `target`. Sets <objects> to their object libraries and <externals> to all else they link.
function(tutti_collect_rooms target objects externals)
  set(todo ${target})
  set(seen "")
  set(found_objects "")
  set(found_externals "")
  while(todo)
    list(POP_FRONT todo item)
    if(item IN_LIST seen)
      continue()
    endif()
    list(APPEND seen ${item})
    if(item MATCHES "^room_" AND TARGET ${item})
      if(TARGET ${item}_objects)
        list(APPEND found_objects ${item}_objects)
      endif()
      get_target_property(below ${item} INTERFACE_LINK_LIBRARIES)
      if(below)
        list(APPEND todo ${below})
      endif()
    else()
      list(APPEND found_externals ${item})
    endif()
  endwhile()
  set(${objects} ${found_objects} PARENT_SCOPE)
  set(${externals} ${found_externals} PARENT_SCOPE)
endfunction()

# tutti_libraries(room): defines tutti, tutti_static and their aliases tutti::tutti, tutti::tutti_static.
function(tutti_libraries room)
  tutti_collect_rooms(${room} rooms externals)
  set(objects "")
  foreach(object_library ${rooms})
    list(APPEND objects $<TARGET_OBJECTS:${object_library}>)
  endforeach()
  set(map ${PROJECT_SOURCE_DIR}/packaging/tutti.map)

  add_library(tutti SHARED ${objects})
  set_target_properties(tutti PROPERTIES
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}
    LINKER_LANGUAGE CXX
    LINK_DEPENDS ${map})
  target_link_options(tutti PRIVATE -Wl,--version-script=${map} -Wl,--as-needed)
  if(NOT TUTTI_SANITIZE)  # whose run-time library comes with the program
    target_link_options(tutti PRIVATE -Wl,-z,defs)
  endif()
  target_link_libraries(tutti PRIVATE ${externals})

  add_library(tutti_static STATIC ${objects})
  set_target_properties(tutti_static PROPERTIES OUTPUT_NAME tutti LINKER_LANGUAGE CXX)
  target_link_libraries(tutti_static PRIVATE ${externals})

  foreach(library tutti tutti_static)
    target_include_directories(${library} INTERFACE
      $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)
    add_library(tutti::${library} ALIAS ${library})
  endforeach()
  set_property(GLOBAL PROPERTY TUTTI_EXTERNALS "${externals}")
endfunction()
