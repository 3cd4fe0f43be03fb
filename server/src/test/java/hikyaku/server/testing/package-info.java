/** Fakes that the tests of several servers share. */
package hikyaku.server.testing;
