/*
 * Forced into every file by the Makefile: functions that have no place in a program that reads
 * hostile bytes do not compile.  (The idea is git's.)
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets strtok atoi atol atof
#pragma GCC poison gmtime localtime ctime asctime rand srand tmpnam mktemp

#endif
