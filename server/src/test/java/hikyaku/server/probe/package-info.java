@NullMarked
package hikyaku.server.probe;

import org.jspecify.annotations.NullMarked;
