/*
 * Strategy plugins in C, C++, Zig and other languages that speak the C ABI.
 *
 * Generated from strategy-api/src/abi; do not edit. How to write a plugin: README.md beside this file.
 */

#ifndef STRATEGY_API_H
#define STRATEGY_API_H
