// Empty: carries the headers that the unit tests share precompiled.
