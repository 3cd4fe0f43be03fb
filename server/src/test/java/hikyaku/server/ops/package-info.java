@NullMarked
package hikyaku.server.ops;

import org.jspecify.annotations.NullMarked;
